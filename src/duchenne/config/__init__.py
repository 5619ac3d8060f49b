"""params.yaml, typed: what each key may be, what a model needs, and what `auto` comes to."""
