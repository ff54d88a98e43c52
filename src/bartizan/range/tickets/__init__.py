"""The tickets of an invented bicycle shop: what customers write, and the queue that answers them."""
