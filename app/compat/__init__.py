"""Other people's interfaces, so that their clients work with a studio as they are."""
