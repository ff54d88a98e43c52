"""The help desk of an invented bicycle shop: a small retrieval-augmented application, vulnerable or fixed."""
