"""Script and style of a directive, loaded only by the pages that use it."""


def offer(app, name, folder):
    """Load `name/name.css` and `name/name.js` of a folder on each page marked with this name.

    A directive marks its page by `env.metadata[docname][name] = True`. The folder is not
    book/_static, since what lies there is loaded by every page.
    """

    def add_folder(app):
        app.config.html_static_path.append(str(folder))

    def equip_page(app, pagename, templatename, context, doctree):
        in_print = app.builder.name == "singlehtml"  # one page, where nothing can be pressed
        pages = app.env.metadata if in_print else [pagename]
        if any(app.env.metadata.get(page, {}).get(name) for page in pages):
            app.add_css_file(f"{name}/{name}.css")
            if not in_print:
                app.add_js_file(f"{name}/{name}.js", loading_method="defer")

    app.connect("builder-inited", add_folder)
    app.connect("html-page-context", equip_page)
