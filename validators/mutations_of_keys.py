"""Breaking a delivery by its keys, headers and whole objects; these hold for every stream.

Pure, see `mutations`.
"""

from dataclasses import replace

from validators.mutations import Broken, Mutation, Specimen, mutation
from validators.object_key import ParsedKey

_UNSEEN = ("projection.covers",)


def _renamed(specimen: Specimen, parsed: ParsedKey, key: str) -> Broken:
    return Broken({parsed.key: None, key: specimen.stored(parsed)})


@mutation("moved-out", "an object moved out of its prefix", "key.prefix", consequences=_UNSEEN)
def _moved_out(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    return _renamed(specimen, first, f"archive/{specimen.name_of(first)}")


@mutation("other-time", "an object moved to the folder of another hour", "key.prefix", consequences=_UNSEEN)
def _other_time(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    if first.keys or first.named_at is None:
        return None
    hour = f"{first.named_at:%H}"
    folder = first.folder.replace(f"/{hour}/", f"/{(int(hour) + 1) % 24:02}/")
    return _renamed(specimen, first, f"{folder}{specimen.name_of(first)}") if folder != first.folder else None


@mutation("foreign", "an object that no stream wrote", "key.foreign")
def _foreign(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    return Broken({f"{first.folder}part-00000.parquet": specimen.stored(first).with_data(b"hello")})


@mutation("renamed", "an object renamed", "key.foreign", "completeness.lost")
def _renamed_object(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    return _renamed(specimen, first, f"{first.folder}renamed{first.extension}")


@mutation("other-stream", "an object of another stream's name", "key.foreign", "completeness.lost")
def _other_stream(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    name = specimen.name_of(first).replace(specimen.evidence.declared.stream_name, "Another", 1)
    return _renamed(specimen, first, first.folder + name)


@mutation("version", "an object of a version that never was", "key.version")
def _version(specimen: Specimen) -> Broken | None:
    first, stream = specimen.data[0], specimen.evidence.declared.stream_name
    name = specimen.name_of(first).replace(f"{stream}-{first.version}-", f"{stream}-{first.version + 998}-", 1)
    return _renamed(specimen, first, first.folder + name)


@mutation("extension", "an object with another extension", "key.extension")
def _extension(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    return _renamed(specimen, first, first.key.removesuffix(first.extension) + ".part")


@mutation(
    "error-moved",
    "an error object moved to another hour",
    "key.prefix",
    consequences=("completeness.lost", "quarantine.missing"),
)
def _error_moved(specimen: Specimen) -> Broken | None:
    if not specimen.errors:
        return None
    first = specimen.errors[0]
    hour = f"{first.named_at:%H}"
    folder = first.folder.removesuffix(f"{hour}/") + f"{(int(hour) + 1) % 24:02}/"
    return _renamed(specimen, first, folder + specimen.name_of(first))


@mutation("error-extension", "an error object with an extension", "key.extension")
def _error_extension(specimen: Specimen) -> Broken | None:
    return _renamed(specimen, specimen.errors[0], f"{specimen.errors[0].key}.gz") if specimen.errors else None


@mutation("deleted", "an object deleted", "completeness.lost")
def _deleted(specimen: Specimen) -> Broken | None:
    return Broken({specimen.data[0].key: None})


@mutation("doubled", "an object copied under a new name", "completeness.duplicated")
def _doubled(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    return Broken({first.folder + specimen.fresh_name(first): specimen.stored(first)})


@mutation("content-type", "an object written again with another Content-Type", "object.headers")
def _content_type(specimen: Specimen) -> Broken | None:
    first = specimen.data[0]
    return Broken({first.key: replace(specimen.stored(first), content_type="binary/octet-stream")})


@mutation("content-encoding", "an object written again with another Content-Encoding", "object.headers")
def _content_encoding(specimen: Specimen) -> Broken | None:
    first, stored = specimen.data[0], specimen.stored(specimen.data[0])
    return Broken({first.key: replace(stored, content_encoding="" if stored.content_encoding else "aws-chunked")})


MUTATIONS: tuple[Mutation, ...] = (
    _moved_out, _other_time, _foreign, _renamed_object, _other_stream, _version, _extension, _error_moved, _error_extension,
    _deleted, _doubled, _content_type, _content_encoding,
)  # fmt: skip
