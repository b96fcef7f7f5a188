"""The Designer: templates made and changed by people who write no JSON. Its pages ask `/v1`, as anybody may.

May not enter: what a template is (flows, domain), how a pass looks (rendering)."""
