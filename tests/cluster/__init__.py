"""A real Kubernetes control plane on this machine, with nodes whose pods behave as told.

For tests (`fixtures`), for a person (`python -m tests.cluster`) and for the recording that the demo plays
(`record`). Real: etcd, kube-apiserver, kube-controller-manager, kube-scheduler. Played: the kubelets
(`kubelet`), because nothing here runs containers and because failures must come on demand.
"""
