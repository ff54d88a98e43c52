"""A bakery that buys models, and whose receiving desk believes the bills of materials that come with them."""
