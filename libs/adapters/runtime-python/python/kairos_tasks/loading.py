"""Importing a function's module from the folder of functions, and only what is safe there."""

from __future__ import annotations

import importlib
import importlib.machinery
import os
import stat
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from .execute import traceback_of
from .registry import TaskFunction, tasks_of


class UnsafeFile(ImportError):
    """A module of the folder that others may write to, or that lies outside."""


class LoadError(Exception):
    """The function cannot be used. `code` is `JOB_FUNCTION_BROKEN`, `JOB_FUNCTION_UNSAFE` or `JOB_MEMORY`."""

    def __init__(self, code: str, message: str, trace: str) -> None:
        super().__init__(message)
        self.code = code
        self.trace = trace


class FolderFinder(MetaPathFinder):
    """Finds modules in the folder of functions. The function itself goes before everything, its neighbours after everything,
    so that none of them takes the place of a module of Python. Notes each file with its time and size, before it is read."""

    def __init__(self, folder: str, function: str) -> None:
        self._folder = os.path.realpath(folder)
        self._function = function
        self.files: dict[str, tuple[str, int]] = {}

    def install(self) -> None:
        sys.meta_path.insert(0, self)
        sys.meta_path.append(_Neighbours(self))

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if path is None:
            return self.find(fullname, [self._folder]) if fullname == self._function else None
        return self.find(fullname, path) if any(self._inside(entry) for entry in path) else None

    def find_neighbour(self, fullname: str) -> ModuleSpec | None:
        return self.find(fullname, [self._folder])

    def find(self, fullname: str, path: Sequence[str]) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None or not os.path.exists(spec.origin):
            return None
        self._check(spec.origin)
        about = os.stat(spec.origin)
        self.files[spec.origin] = (str(about.st_mtime_ns), about.st_size)
        return spec

    def _check(self, file: str) -> None:
        if not self._inside(file):
            raise UnsafeFile(f"{file} leads out of the folder of functions")
        if writable_by_others(os.stat(file)):
            raise UnsafeFile(f"{file} may be written by others: chmod go-w {file}")

    def _inside(self, path: str) -> bool:
        return os.path.realpath(path).startswith(self._folder + os.sep)


def writable_by_others(about: os.stat_result) -> bool:
    """Whether others than the owner may write it. A group of the owner's own number is the owner's alone."""
    group_is_owners = about.st_uid != 0 and about.st_gid == about.st_uid
    return bool(about.st_mode & stat.S_IWOTH) or (bool(about.st_mode & stat.S_IWGRP) and not group_is_owners)


class _Neighbours(MetaPathFinder):
    def __init__(self, finder: FolderFinder) -> None:
        self._finder = finder

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        return self._finder.find_neighbour(fullname) if path is None else None


def load(folder: str, function: str) -> tuple[dict[str, TaskFunction], FolderFinder]:
    """Imports the function and tells its tasks. Raises `LoadError`."""
    finder = FolderFinder(folder, function)
    if function in sys.stdlib_module_names or function == "kairos_tasks":
        raise LoadError("JOB_FUNCTION_BROKEN", f"{function} is a module of Python's own: give the function another name", "")
    finder.install()
    try:
        tasks = tasks_of(importlib.import_module(function))
    except UnsafeFile as error:
        raise LoadError("JOB_FUNCTION_UNSAFE", str(error), "") from None
    except MemoryError as error:
        raise LoadError("JOB_MEMORY", f"{function} used up its memory while it was imported", traceback_of(error)) from None
    except ModuleNotFoundError as error:
        remedy = f"; name its package in {function}.requirements.txt" if error.name not in (None, function) else ""
        raise LoadError("JOB_FUNCTION_BROKEN", f"{function}: {error}{remedy}", traceback_of(error)) from None
    except SyntaxError as error:
        place = f"{os.path.basename(error.filename or function)}, line {error.lineno}"
        raise LoadError("JOB_FUNCTION_BROKEN", f"{place}: {error.msg}", traceback_of(error)) from None
    except BaseException as error:
        raise LoadError("JOB_FUNCTION_BROKEN", f"{function}: {type(error).__name__}: {error}", traceback_of(error)) from None
    if not tasks:
        raise LoadError("JOB_FUNCTION_BROKEN", f'{function} has no task: mark one with @task("name")', "")
    return tasks, finder
