"""The tabs that are made of Gradio's own components, a module each."""
