"""Compares our subset of a schema with the real one, member by member."""

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    print_ast,
)


def differences(ours: GraphQLSchema, real: GraphQLSchema) -> list[str]:
    """What ours has that the real schema does not have just so; sorted, empty for a true subset.

    Input objects and enums must be whole; objects, interfaces and unions may be parts.
    """
    out = []
    for name, kind in ours.type_map.items():
        if name.startswith("__"):
            continue
        other = real.type_map.get(name)
        if type(other) is not type(kind):
            out.append(f"type {name}: {type(other).__name__} instead of {type(kind).__name__}")
        elif isinstance(kind, (GraphQLObjectType, GraphQLInterfaceType)):
            out += _fields(name, kind, other)
        elif isinstance(kind, GraphQLInputObjectType):
            out += _inputs(name, kind, other)
        elif isinstance(kind, GraphQLEnumType):
            out += [
                f"enum {name}.{value}: only in {'ours' if value in kind.values else 'the real'}"
                for value in set(kind.values) ^ set(other.values)
            ]
        elif isinstance(kind, GraphQLUnionType):
            members = {member.name for member in other.types}
            out += [f"union {name}.{m.name}" for m in kind.types if m.name not in members]
    for directive in ours.directives:
        other = real.get_directive(directive.name)
        if other is None:
            out.append(f"directive @{directive.name}")
        elif directive.name == "idempotent":
            out += _arguments(f"@{directive.name}", directive.args, other.args)
            if set(directive.locations) != set(other.locations):
                out.append(f"directive @{directive.name}: locations")
    return sorted(out)


def _fields(name, kind, other):
    out = []
    for field_name, field in kind.fields.items():
        place = f"{name}.{field_name}"
        theirs = other.fields.get(field_name)
        if theirs is None:
            out.append(f"field {place}: unknown")
            continue
        if str(theirs.type) != str(field.type):
            out.append(f"field {place}: {theirs.type} instead of {field.type}")
        out += _arguments(place, field.args, theirs.args)
    real_interfaces = {i.name for i in other.interfaces}
    return out + [
        f"type {name} implements {i.name}" for i in kind.interfaces if i.name not in real_interfaces
    ]


def _arguments(place, ours, theirs):
    out = [
        f"argument {place}({name}): only in {'ours' if name in ours else 'the real'}"
        for name in set(ours) ^ set(theirs)
    ]
    for name in set(ours) & set(theirs):
        mine, real = ours[name], theirs[name]
        if str(mine.type) != str(real.type):
            out.append(f"argument {place}({name}): {real.type} instead of {mine.type}")
        if _default(mine) != _default(real):
            out.append(f"argument {place}({name}): default {_default(real)}, ours {_default(mine)}")
    return out


def _inputs(name, kind, other):
    out = [
        f"input {name}.{field}: only in {'ours' if field in kind.fields else 'the real'}"
        for field in set(kind.fields) ^ set(other.fields)
    ]
    if kind.is_one_of != other.is_one_of:
        out.append(f"input {name}: @oneOf")
    for field in set(kind.fields) & set(other.fields):
        mine, real = kind.fields[field], other.fields[field]
        if str(mine.type) != str(real.type):
            out.append(f"input {name}.{field}: {real.type} instead of {mine.type}")
        if _default(mine) != _default(real):
            out.append(f"input {name}.{field}: default {_default(real)}, ours {_default(mine)}")
    return out


def _default(argument):
    """The default as it would be printed; None when there is none."""
    default = argument.default
    if default is None:
        return None if argument.default_value is Undefined else repr(argument.default_value)
    return print_ast(default.literal) if default.literal else repr(default.value)
