"""Pictures of a plan: SVG that needs no style sheet and no script, so that it shows under a strict policy as an image."""
