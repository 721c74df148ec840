"""The demonstration: drives synthetic applications through the real pages and shows what came of them."""
