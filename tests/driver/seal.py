"""Tickets and secrets sealed by the test itself, as whoever has the key could: AES-GCM in a few lines, too slow for more."""

import base64
import hmac
import json
import secrets

ALGORITHM = "AES128_GCM"


def hkdf(secret, purpose, length):
    extracted = hmac.digest(bytes(32), base64.b64decode(secret), "sha256")
    return hmac.digest(extracted, purpose + b"\x01", "sha256")[:length]


def doubled(value):
    return (value << 1 ^ 0x11B if value & 0x80 else value << 1) & 0xFF


def times(a, b):
    """Product in the field of AES."""
    found = 0
    while b:
        if b & 1:
            found ^= a
        a, b = doubled(a), b >> 1
    return found


def substitute(value):
    inverse = next((other for other in range(256) if times(value, other) == 1), 0)
    turned = [inverse << by | inverse >> 8 - by for by in range(5)]
    return (turned[0] ^ turned[1] ^ turned[2] ^ turned[3] ^ turned[4] ^ 0x63) & 0xFF


BOX = bytes(map(substitute, range(256)))


def round_keys(key):
    """Of 16 or 32 bytes."""
    words, constant = [key[at:at + 4] for at in range(0, len(key), 4)], 1
    length = len(words)
    while len(words) < 4 * (length + 7):
        last = words[-1]
        if len(words) % length == 0:
            last = bytes([BOX[last[1]] ^ constant, BOX[last[2]], BOX[last[3]], BOX[last[0]]])
            constant = doubled(constant)
        elif length == 8 and len(words) % length == 4:
            last = bytes(BOX[value] for value in last)
        words.append(bytes(a ^ b for a, b in zip(words[-length], last)))
    return [b"".join(words[at:at + 4]) for at in range(0, len(words), 4)]


def encrypt_block(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for number, key in enumerate(keys[1:], 1):
        state = [BOX[state[(at + 4 * (at % 4)) % 16]] for at in range(16)]
        if number < len(keys) - 1:
            state = [doubled(column[at]) ^ doubled(column[(at + 1) % 4]) ^ column[(at + 1) % 4]
                     ^ column[(at + 2) % 4] ^ column[(at + 3) % 4]
                     for column in (state[first:first + 4] for first in range(0, 16, 4)) for at in range(4)]
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def ghash(subkey, content):
    found = 0
    for at in range(0, len(content), 16):
        found ^= int.from_bytes(content[at:at + 16].ljust(16, b"\0"), "big")
        product, factor = 0, subkey
        for bit in range(127, -1, -1):
            if found >> bit & 1:
                product ^= factor
            factor = factor >> 1 ^ (0xE1 << 120 if factor & 1 else 0)
        found = product
    return found


def padded(content):
    return content + bytes(-len(content) % 16)


def gcm_stream(keys, nonce, content):
    blocks = range(-(-len(content) // 16))
    stream = b"".join(encrypt_block(keys, nonce + (number + 2).to_bytes(4, "big")) for number in blocks)
    return bytes(a ^ b for a, b in zip(content, stream))


def gcm_seal(key, nonce, content, bound):
    """Ciphertext and tag."""
    keys = round_keys(key)
    sealed = gcm_stream(keys, nonce, content)
    lengths = (8 * len(bound)).to_bytes(8, "big") + (8 * len(sealed)).to_bytes(8, "big")
    subkey = int.from_bytes(encrypt_block(keys, bytes(16)), "big")
    tag = ghash(subkey, padded(bound) + padded(sealed) + lengths)
    mask = int.from_bytes(encrypt_block(keys, nonce + b"\0\0\0\1"), "big")
    return sealed + (tag ^ mask).to_bytes(16, "big")


def ticket_key(secret):
    return hkdf(secret, b"entrepot replication tickets v1", 16)


def open_ticket(secret, ticket):
    """What is in a ticket."""
    iv, _, sealed = ticket["asset_info"].partition(":")
    return json.loads(gcm_stream(round_keys(ticket_key(secret)), base64.b64decode(iv), base64.b64decode(sealed)[:-16]))


def seal_ticket(key_id, secret, contents, *, asset_id=None, content=None):
    """A ticket with these contents, or any other content."""
    asset_id = asset_id or contents["asset_id"]
    bound = f"entrepot ticket v1\n[{len(asset_id)}, {len(key_id)}]\n{asset_id}\n{key_id}\n{ALGORITHM}".encode()
    nonce = secrets.token_bytes(12)
    sealed = gcm_seal(ticket_key(secret), nonce, content or json.dumps(contents).encode(), bound)
    iv = base64.b64encode(nonce).decode()
    return {"asset_id": asset_id, "asset_info": f"{iv}:{base64.b64encode(sealed).decode()}",
            "encryption_info": {"algorithm": ALGORITHM, "key_id": key_id, "iv": iv},
            "expire_time": (contents or {}).get("expires")}
