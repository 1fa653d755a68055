"""What strategies decide: which assets, how large, how an order meets the order book.

Read `view` (what is seen), `sizer` (how large), `placer` (how), `basket` (the reference strategy).
"""
