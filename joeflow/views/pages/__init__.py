"""The pages of a small site: what people have to do, and where everything stands."""
