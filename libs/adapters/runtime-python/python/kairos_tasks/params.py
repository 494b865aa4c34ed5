"""JSON params as what the function's annotation says; every problem names its field."""

from __future__ import annotations

import dataclasses
import difflib
import enum
import inspect
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Union, get_args, get_origin

from .errors import ParamsError
from .registry import TaskFunction, takes_params

_Problems = list[str]


def params_for(function: TaskFunction, given: Mapping[str, Any]) -> Any:
    """What the function's second parameter shall be. Raises `ParamsError` with every problem, never just the first."""
    if not takes_params(function):
        if given:
            raise ParamsError([f"params: {function.__name__} takes none, got {', '.join(given)}"])
        return None
    parameter = list(inspect.signature(function).parameters.values())[1]
    hint = typing.get_type_hints(function).get(parameter.name, dict)
    problems: _Problems = []
    value = _convert(hint, dict(given), "params", problems)
    if problems:
        raise ParamsError(problems)
    return value


def _convert(hint: Any, value: Any, path: str, problems: _Problems) -> Any:
    if hint is Any or hint is object or isinstance(hint, typing.TypeVar):
        return value
    origin = get_origin(hint)
    if origin in (typing.Annotated, typing.Required, typing.NotRequired, typing.Final):
        return _convert(get_args(hint)[0], value, path, problems)
    if origin in (Union, types.UnionType):
        return _union(get_args(hint), value, path, problems)
    if origin is Literal:
        return _literal(get_args(hint), value, path, problems)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _dataclass(hint, value, path, problems)
    if typing.is_typeddict(hint):
        return _typed_dict(hint, value, path, problems)
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return _literal_of_enum(hint, value, path, problems)
    container = origin or hint
    if container in _CONTAINERS:
        return _CONTAINERS[container](get_args(hint), value, path, problems)
    return _scalar(hint, value, path, problems)


def _dataclass(hint: type[Any], value: Any, path: str, problems: _Problems) -> Any:
    hints = typing.get_type_hints(hint, include_extras=True)
    fields = [f for f in dataclasses.fields(hint) if f.init]
    needed = {
        f.name for f in fields if f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    }
    before = len(problems)
    got = _members({f.name: hints[f.name] for f in fields}, needed, value, path, problems)
    if len(problems) > before:
        return None
    try:
        return hint(**got)
    except (TypeError, ValueError) as error:
        problems.append(f"{path}: {error}")
        return None


def _typed_dict(hint: Any, value: Any, path: str, problems: _Problems) -> Any:
    hints = typing.get_type_hints(hint, include_extras=True)
    return _members(hints, set(hint.__required_keys__), value, path, problems)


def _members(
    hints: Mapping[str, Any], needed: set[str], value: Any, path: str, problems: _Problems
) -> dict[str, Any]:
    if not isinstance(value, dict):
        problems.append(f"{path}: expected an object, got {_shown(value)}")
        return {}
    for name in sorted(needed - value.keys()):
        problems.append(f"{path}.{name}: is missing; expected {_said(hints[name])}")
    for name in value.keys() - hints.keys():
        near = difflib.get_close_matches(str(name)[:64], list(hints), 1)
        known = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(hints) or 'none'}"
        problems.append(f"{path}.{str(name)[:64]}: is unknown; {known}")
    return {n: _convert(hints[n], v, f"{path}.{n}", problems) for n, v in value.items() if n in hints}


def _union(options: tuple[Any, ...], value: Any, path: str, problems: _Problems) -> Any:
    told: list[_Problems] = []
    exact = [o for o in options if isinstance(o, type) and type(value) is o]
    for option in [*exact, *(o for o in options if o not in exact)]:
        tried: _Problems = []
        converted = _convert(option, value, path, tried)
        if not tried:
            return converted
        told.append(tried)
    real = [o for o in options if o is not type(None)]
    if len(real) == 1 and value is not None:
        problems.extend(told[list(options).index(real[0])])
    else:
        problems.append(f"{path}: expected {' or '.join(map(_said, options))}, got {_shown(value)}")
    return None


def _literal(options: tuple[Any, ...], value: Any, path: str, problems: _Problems) -> Any:
    for option in options:
        if type(option) is type(value) and option == value:
            return option
    problems.append(f"{path}: expected one of {', '.join(map(_shown, options))}, got {_shown(value)}")
    return None


def _literal_of_enum(hint: type[enum.Enum], value: Any, path: str, problems: _Problems) -> Any:
    chosen = _literal(tuple(m.value for m in hint), value, path, problems)
    return None if chosen is None else hint(chosen)


def _list(args: tuple[Any, ...], value: Any, path: str, problems: _Problems) -> Any:
    if not isinstance(value, list):
        problems.append(f"{path}: expected a list, got {_shown(value)}")
        return []
    item = args[0] if args else Any
    return [_convert(item, v, f"{path}[{i}]", problems) for i, v in enumerate(value)]


def _tuple(args: tuple[Any, ...], value: Any, path: str, problems: _Problems) -> Any:
    if len(args) < 2 or args[1] is Ellipsis:
        return tuple(_list(args[:1], value, path, problems))
    if not isinstance(value, list) or len(value) != len(args):
        problems.append(f"{path}: expected a list of {len(args)}, got {_shown(value)}")
        return ()
    return tuple(_convert(a, v, f"{path}[{i}]", problems) for i, (a, v) in enumerate(zip(args, value, strict=True)))


def _dict(args: tuple[Any, ...], value: Any, path: str, problems: _Problems) -> Any:
    if not isinstance(value, dict):
        problems.append(f"{path}: expected an object, got {_shown(value)}")
        return {}
    item = args[1] if len(args) == 2 else Any
    return {k: _convert(item, v, f"{path}.{k}", problems) for k, v in value.items()}


_CONTAINERS: dict[Any, Callable[[tuple[Any, ...], Any, str, _Problems], Any]] = {
    list: _list,
    typing.get_origin(typing.Sequence[int]): _list,
    tuple: _tuple,
    dict: _dict,
    Mapping: _dict,
    set: lambda args, value, path, problems: set(_list(args, value, path, problems)),
}


def _scalar(hint: Any, value: Any, path: str, problems: _Problems) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint in (None, type(None)) and value is None:
        return None
    if hint is bool and isinstance(value, bool):
        return value
    if hint is str and isinstance(value, str):
        return value
    if hint is float and number:
        return float(value)
    if hint is int and number and value == int(value):
        return int(value)
    if hint is Decimal and (number or isinstance(value, str)):
        return _parsed(lambda: Decimal(str(value)), hint, value, path, problems)
    if hint in (date, datetime) and isinstance(value, str):
        return _parsed(lambda: hint.fromisoformat(value), hint, value, path, problems)
    problems.append(f"{path}: expected {_said(hint)}, got {_shown(value)}")
    return None


def _parsed(parse: Callable[[], Any], hint: Any, value: Any, path: str, problems: _Problems) -> Any:
    try:
        return parse()
    except (ValueError, InvalidOperation):
        problems.append(f"{path}: expected {_said(hint)}, got {_shown(value)}")
        return None


_WORDS: dict[Any, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Decimal: "a decimal",
    date: "a date (2024-01-31)",
    datetime: "a time (2024-01-31T00:00:00+00:00)",
    type(None): "null",
    None: "null",
}


def _said(hint: Any) -> str:
    origin = get_origin(hint)
    if origin in (typing.Annotated, typing.Required, typing.NotRequired):
        return _said(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return " or ".join(map(_said, get_args(hint)))
    if origin is Literal:
        return "one of " + ", ".join(map(_shown, get_args(hint)))
    container = origin or hint
    if container in (list, tuple, set):
        return "a list"
    if container in (dict, Mapping) or dataclasses.is_dataclass(hint) or typing.is_typeddict(hint):
        return "an object"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
