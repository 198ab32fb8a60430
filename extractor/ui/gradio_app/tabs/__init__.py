"""The tabs made of Gradio's own components, a module each: `upload`, `export`, `results`, `installed`.

Each has a `build_tab`, which adds the components to the page and returns how they are filled when the tab is opened.
"""
