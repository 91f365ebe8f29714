"""Named attributes of a mesh, written from numpy in one call."""

from __future__ import annotations

import bpy
import numpy as np

# By type of attribute: the property that `foreach_set` takes, the dtype that Blender copies without
# converting, and the numbers in an element.
_TYPES = {
    "FLOAT": ("value", np.float32, 1),
    "INT": ("value", np.int32, 1),
    "BOOLEAN": ("value", np.bool_, 1),
    "FLOAT_VECTOR": ("vector", np.float32, 3),
    "FLOAT_COLOR": ("color", np.float32, 4),
}


def write_attribute(
    mesh: bpy.types.Mesh, name: str, values: np.ndarray, kind: str, domain: str = "POINT"
) -> None:
    """Write `values` to the attribute `name`, which is made if it does not exist.

    Parameters
    ----------
    values
        One row for each element of the domain.
    kind
        The attribute's type: FLOAT, INT, BOOLEAN, FLOAT_VECTOR or FLOAT_COLOR.

    Raises
    ------
    ValueError
        If the length of `values` is not that of the domain, or the attribute cannot be made.
    """
    field, dtype, width = _TYPES[kind]
    attribute = mesh.attributes.get(name)
    if attribute is None:
        mesh.attributes.new(name, kind, domain)
        # Fetched by name: on 4.5 the handle that `new` returns goes stale with the next attribute.
        attribute = mesh.attributes.get(name)
    if attribute is None:
        raise ValueError(f"Blender made no attribute {name!r} on {mesh.name!r}.")
    flat = np.ascontiguousarray(values, dtype=dtype).reshape(-1)
    data = attribute.data
    if flat.size != len(data) * width:
        raise ValueError(
            f"Attribute {name!r} of {mesh.name!r} takes {len(data)} values of {width}, "
            f"not {flat.size / width:g}."
        )
    data.foreach_set(field, flat)


def read_attribute(mesh: bpy.types.Mesh, name: str) -> np.ndarray:
    """The values of the attribute `name`, one row for each element."""
    attribute = mesh.attributes[name]
    field, dtype, width = _TYPES[attribute.data_type]
    values = np.empty(len(attribute.data) * width, dtype)
    attribute.data.foreach_get(field, values)
    return values.reshape(-1, width) if width > 1 else values
