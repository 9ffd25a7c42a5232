"""One bad package a reason: a function that spoils a good one, the code that it must get, and a word of the sentence."""

import struct

from .forge import DEFLATED, MANIFEST, write

DAMAGED, NOT_ZIP = "ROMA.10011", "ROMA.10013"
CASES = {}


def case(word="", code=DAMAGED):
    def keep(spoil):
        CASES[spoil.__name__] = (spoil, code, word)
        return spoil
    return keep


def entry_named(name, word):
    """A file under a name that no package may have."""
    def spoil(forged):
        forged.add(name, b"harmless")
        return forged.bag().zip()
    CASES[f"entry_named_{name[:24]!r}_{len(name)}"] = (spoil, DAMAGED, word)


for bad in (b"../evil", b"data/../../evil", b"/etc/evil", b"data//evil", b"data/./evil", b"C:\\evil", b"data\\evil",
            b"data/evil\0.txt", b"data/evil\n", b"data/ev il", "data/böse".encode(), b"data/" + b"x" * 600,
            b"x" * 65_000, b"", b"data/..", b"~/evil", b"data/CON:"):
    entry_named(bad, "")


# What the zip says of itself.

@case(code=NOT_ZIP)
def content_of_another_kind(forged):
    return b"%PDF-1.7\n" + b"x" * 10_000


@case(code=NOT_ZIP)
def nothing_at_all(forged):
    return b""


@case(code=NOT_ZIP)
def something_in_front(forged):
    return forged.zip(front=b"#!/bin/sh\nexit\n")


@case()
def empty_zip(forged):
    return write([])


@case()
def cut_in_the_middle(forged):
    whole = forged.zip()
    return whole[:len(whole) // 2]


@case()
def cut_by_one_byte(forged):
    return forged.zip()[:-1]


@case()
def cut_before_the_directory(forged):
    whole = forged.zip()
    return whole[:whole.index(b"PK\1\2")]


@case()
def something_behind(forged):
    return forged.zip(tail=b"trailing junk")


@case()
def second_zip_behind(forged):
    return forged.zip() + forged.zip()


@case()
def gap_between_entries(forged):
    forged.file.after = b"hidden"
    return forged.zip()


@case("twice")
def name_twice(forged):
    forged.add(forged.file.name, forged.file.data)
    return forged.zip()


@case("regular")
def symbolic_link(forged):
    forged.file.attributes = 0o120777 << 16
    return forged.zip()


@case()
def device(forged):
    forged.file.attributes = 0o060644 << 16
    return forged.zip()


@case("encrypt")
def encrypted(forged):
    forged.file.flags = 1
    return forged.zip()


@case()
def strongly_encrypted(forged):
    forged.file.flags = 1 | 1 << 6
    return forged.zip()


@case()
def patch_data(forged):
    forged.file.flags = 1 << 5
    return forged.zip()


@case()
def masked_headers(forged):
    forged.file.flags = 1 << 13
    return forged.zip()


@case()
def method_nobody_knows(forged):
    forged.file.method = 14
    return forged.zip()


@case()
def stored_entry_with_its_size_behind(forged):
    forged.file.flags = 1 << 3
    return forged.zip()


@case()
def other_name_in_an_extra_field(forged):
    forged.file.extra = struct.pack("<HHBI", 0x7075, 9, 1, 0) + b"evil"
    return forged.zip()


@case()
def extra_field_beyond_its_end(forged):
    forged.file.extra = struct.pack("<HH", 0x5455, 500) + b"x"
    return forged.zip()


@case()
def wide_size_without_its_field(forged):
    forged.file.lies = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
    return forged.zip()


@case()
def wide_size_beyond_everything(forged):
    forged.file.extra = struct.pack("<HHQQ", 1, 16, 1 << 62, 1 << 62)
    forged.file.lies = {"size": 0xFFFFFFFF, "packed": 0xFFFFFFFF}
    return forged.zip()


def lying(name, field, by, of="file"):
    def spoil(forged):
        entry = forged.file if of == "file" else forged[of]
        truth = {"size": len(entry.data), "packed": len(entry.packed()), "crc": 0}[field.removeprefix("directory_")]
        entry.lies = {field: max(truth + by, 0)}
        return forged.zip()
    CASES[name] = (spoil, DAMAGED, "")


lying("stored_size_too_large", "size", 5)
lying("stored_size_too_small", "size", -5)
lying("packed_size_too_large", "packed", 5)
lying("packed_size_too_small", "packed", -5)
lying("wrong_crc", "crc", 1)
lying("inflated_size_too_small", "size", -5, "data/package.json")
lying("inflated_size_too_large", "size", 5, "data/package.json")
lying("deflated_data_too_long", "packed", 1, "data/package.json")
lying("deflated_data_too_short", "packed", -1, "data/package.json")
lying("directory_with_another_size", "directory_size", 1)
lying("directory_with_another_crc", "directory_crc", 1)


@case()
def directory_with_another_name(forged):
    forged.file.lies = {"directory_name": b"data/assets/other/evil"}
    return forged.zip()


@case()
def directory_that_points_elsewhere(forged):
    forged.file.lies = {"directory_offset": 0}
    return forged.zip()


@case()
def directory_that_leaves_one_out(forged):
    return without_record(forged.zip(), len(forged.entries) - 1)


def without_record(content, kept):
    """The zip with no more than `kept` records in its directory."""
    at = start = content.index(b"PK\1\2")
    for _ in range(kept):
        at = content.index(b"PK\1\2", at + 4)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, kept, kept, at - start, start, 0)
    return content[:at] + end


@case()
def directory_that_counts_wrongly(forged):
    return forged.zip(end={"here": 3, "in_all": 3})


@case()
def end_that_points_elsewhere(forged):
    return forged.zip(end={"offset": 17})


@case()
def second_volume(forged):
    return forged.zip(end={"disk": 1})


@case()
def comment_longer_than_it_says(forged):
    return forged.zip(comment=b"comment") + b"more"


@case()
def entries_that_share_their_data(forged):
    """A bomb of the overlapping kind: many directory records, one entry."""
    content = forged.zip()
    at, end = content.index(b"PK\1\2"), content.rindex(b"PK\5\6")
    directory = content[at:end] * 100
    count = len(forged.entries) * 100
    return content[:at] + directory + struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), at, 0)


# Bombs.

@case()
def much_out_of_little(forged):
    forged["data/assets.jsonl"].data = bytes(64 << 20)
    return forged.bag().zip()


@case()
def long_line_of_spaces(forged):
    forged["data/assets.jsonl"].data = b" " * (20 << 20)
    return forged.bag().zip()


@case()
def file_that_inflates_too_far(forged):
    forged.file.data, forged.file.method = bytes(32 << 20), DEFLATED
    return forged.bag().zip()


@case()
def deep_json(forged):
    forged["data/package.json"].data = b"[" * 100_000 + b"]" * 100_000
    return forged.bag().zip()


# The bag.

@case("SHA-256")
def wrong_digest_in_the_manifest(forged):
    forged[MANIFEST].data = forged[MANIFEST].data.replace(forged[MANIFEST].data[:64], b"0" * 64)
    return forged.tag().zip()


@case()
def changed_content(forged):
    forged.file.data = forged.file.data[:-1] + b"!"
    return forged.zip()


@case()
def line_missing_in_the_manifest(forged):
    forged[MANIFEST].data = b"".join(forged[MANIFEST].data.splitlines(True)[:-1])
    return forged.tag().zip()


@case()
def line_too_many_in_the_manifest(forged):
    forged[MANIFEST].data += b"0" * 64 + b"  data/nowhere\n"
    return forged.tag().zip()


@case()
def line_twice_in_the_manifest(forged):
    forged[MANIFEST].data += forged[MANIFEST].data.splitlines(True)[-1]
    return forged.tag().zip()


@case()
def manifest_that_is_no_text(forged):
    forged[MANIFEST].data = bytes(range(256)) * 10
    return forged.tag().zip()


def without(name):
    def spoil(forged):
        forged.remove(name)
        return forged.tag().zip() if name != "tagmanifest-sha256.txt" else forged.zip()
    CASES[f"without_{name}"] = (spoil, DAMAGED, "")


for missing in ("bagit.txt", MANIFEST, "data/package.json", "data/assets.jsonl"):
    without(missing)


@case()
def wrong_tag_manifest(forged):
    forged["bag-info.txt"].data += b"More: here\n"
    return forged.zip()


@case()
def other_version_of_the_bag(forged):
    forged["bagit.txt"].data = forged["bagit.txt"].data.replace(b"1.0", b"2.0")
    return forged.bag().zip()


@case()
def bag_in_a_folder(forged):
    for entry in forged.entries:
        entry.name = b"package/" + entry.name
    return forged.zip()


@case()
def second_bag_inside(forged):
    for name in ("bagit.txt", MANIFEST):
        forged.add(f"data/inner/{name}", forged[name].data)
    return forged.bag().zip()


@case()
def file_that_nobody_names(forged):
    forged.add("data/assets/stray/file.bin", b"stray")
    return forged.bag().zip()


# What the package says.

def saying(name, change):
    def spoil(forged):
        said = forged.json("data/package.json")
        change(said)
        forged.set_json("data/package.json", said)
        return forged.bag().zip()
    CASES[name] = (spoil, DAMAGED, "")


saying("other_format", lambda said: said.update(format="something-else"))
saying("later_version", lambda said: said.update(format_version=2))
saying("version_as_text", lambda said: said.update(format_version="1"))
saying("application_that_is_not_there", lambda said: said["apps"].append({"id": "nowhere", "name": "nowhere"}))
saying("application_that_is_not_listed", lambda said: said["apps"].clear())
saying("task_that_is_not_listed", lambda said: said["tasks"].clear())
saying("wrong_counts", lambda said: said.update(asset_count=99))


@case()
def package_that_is_no_json(forged):
    forged["data/package.json"].data = b'{"format": '
    return forged.bag().zip()


def asset(name, change):
    def spoil(forged):
        assets = forged.assets()
        forged.set_assets(change(assets) or assets)
        return forged.bag().zip()
    CASES[name] = (spoil, DAMAGED, "")


def file(name, **fields):
    asset(name, lambda assets: assets[0]["files"][0].update(fields))


asset("asset_twice", lambda assets: assets + assets[-1:])
asset("assets_out_of_order", lambda assets: assets[::-1])
asset("blocked_state", lambda assets: assets[0].update(state="BLOCK"))
asset("state_nobody_knows", lambda assets: assets[0].update(state="READY"))
asset("type_nobody_knows", lambda assets: assets[0].update(asset_type="TANK"))
asset("application_of_nobody", lambda assets: assets[0].update(apps=["nowhere"]))
asset("id_with_a_path", lambda assets: assets[0].update(asset_id="../evil"))
asset("id_too_long", lambda assets: assets[0].update(asset_id="x" * 65))
asset("name_with_controls", lambda assets: assets[0].update(name="a\u0007b"))
asset("name_without_end", lambda assets: assets[0].update(name="x" * 100_000))
asset("text_with_nul", lambda assets: assets[0].update(description="a\u0000b"))
asset("order_as_text", lambda assets: assets[0].update(order="first"))
asset("time_that_is_none", lambda assets: assets[0].update(created_at="yesterday"))
asset("line_that_is_a_list", lambda assets: [[1, 2], *assets])
asset("two_main_files", lambda assets: [each.update(category="MAIN") for each in assets[0]["files"]] and None)
file("file_of_another_size", size=1)
file("file_of_another_sha256", sha256="0" * 64)
file("file_of_another_md5", md5="0" * 32)
file("file_that_is_not_there", path="data/assets/nowhere/file.bin")
file("file_that_is_the_manifest", path="manifest-sha256.txt")
file("file_that_climbs", path="data/assets/../package.json")
file("category_nobody_knows", category="SECRET")
file("negative_size", size=-1)
file("endless_size", size=1 << 70)
