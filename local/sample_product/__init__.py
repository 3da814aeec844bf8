"""A product as a product team would write it: Flask, and Authlib's standard OIDC client by configuration alone.

It knows of Homeroom what docs/sso-for-products.md says, and imports nothing of it. `make demo` and the tests run it:

    python -m local.sample_product --issuer URL --client-id ID --client-secret-file FILE --port 0
"""
