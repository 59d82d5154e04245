"""Leave out sphinx-thebe, which Jupyter Book always loads.

The course does not use it: code runs in the page by `livecell`. Its scripts would name
another host on every page and define the same constants twice, which is a page error.
"""


def setup(app):
    """Act when every extension has been loaded and before any of them has worked."""
    app.connect("config-inited", leave_out)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def leave_out(app, config):
    """Disconnect the handlers of sphinx-thebe and drop its style sheet."""
    for event, listeners in app.events.listeners.items():
        app.events.listeners[event] = [
            one for one in listeners if not one.handler.__module__.startswith("sphinx_thebe")
        ]
    styles = app.registry.css_files
    styles[:] = [style for style in styles if style[0] != "sphinx-thebe.css"]
