"""Stage 2: one extractor a kind of URL; `registry` has them all."""
