"""Functions of contexts (DMN 1.5 §10.3.4.6)."""

from typing import Any

from jiedan.feel.builtins.signature import builtin
from jiedan.feel.run import Run

Context = dict[str, Any]


@builtin("get value(m: context, key: string)")
def get_value(run: Run, m: Context, key: str) -> Any:
    """The entry of that name."""
    if key not in m:
        return run.warn('There is no "%(name)s" in the context.', name=key)
    return m[key]


@builtin("get value(context: context, keys: list)")
def get_value_within(run: Run, context: Context, keys: list[Any]) -> Any:
    """The entry at the end of the path of names."""
    value: Any = context
    for key in keys:
        if type(value) is not dict or key not in value:
            return run.warn('There is no "%(name)s" in the context.', name=str(key))
        value = value[key]
    return value if keys else None


@builtin("get entries(m: context)")
def get_entries(run: Run, m: Context) -> Any:
    """The entries as a list of {key, value}."""
    run.room(len(m))
    return [{"key": key, "value": value} for key, value in m.items()]


@builtin("context(entries: list)")
def context(run: Run, entries: list[Any]) -> Any:
    """The context of a list of {key, value}; null when a key comes twice."""
    run.room(len(entries))
    made: Context = {}
    for entry in entries:
        if type(entry) is not dict or type(entry.get("key")) is not str or "value" not in entry:
            return run.warn('Each entry must have a "key" and a "value".')
        if entry["key"] in made:
            return run.warn("A context has two entries of the same name.")
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put(context: context, key: string, value: any)")
def context_put(run: Run, context: Context, key: str, value: Any) -> Any:
    """The context with that entry set."""
    run.spend(len(context))
    return {**context, key: value}


@builtin("context put(context: context, keys: list, value: any)")
def context_put_within(run: Run, context: Context, keys: list[Any], value: Any) -> Any:
    """The context with the entry at the end of the path of names set."""
    run.spend(len(context) + 1)
    if not keys or type(keys[0]) is not str:
        return run.warn("The names of a path must be texts.")
    if len(keys) > 60:
        return run.warn("The path is too long.")
    if len(keys) == 1:
        return {**context, keys[0]: value}
    inner = context.get(keys[0])
    if type(inner) is not dict:
        return run.warn('There is no context under "%(name)s".', name=keys[0])
    changed = context_put_within(run, inner, keys[1:], value)
    return None if changed is None else {**context, keys[0]: changed}


@builtin("context merge(contexts: list)")
def context_merge(run: Run, contexts: list[Any]) -> Any:
    """One context of all entries; the later wins."""
    merged: Context = {}
    for each in contexts:
        if type(each) is not dict:
            return run.warn("Only contexts can be merged.")
        run.spend(len(each))
        merged.update(each)
    return merged
