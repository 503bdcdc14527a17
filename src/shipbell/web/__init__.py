"""The HTTP side: hints come in, health and metrics go out.

`application` puts it together and `serving` opens the port; `hooks` takes kubewatch's webhooks, `health`
answers probes, `refusals` turns every error into one line for the client and one for the log. A request can
cause a read of the API server and nothing more.
"""
