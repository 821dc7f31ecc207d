"""How the demo model is made, from nothing but this folder: `python -m models.recipe FOLDER --minutes N`."""
