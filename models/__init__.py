"""The base model that ships, and the recipe that made it. Nothing in app or worker imports this."""
