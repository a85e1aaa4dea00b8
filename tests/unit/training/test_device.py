from __future__ import annotations

import pytest
import torch

from inkdigits.errors import UsageError
from inkdigits.training.device import choose_dtype, set_threads

CPU = torch.device("cpu")


def test_the_recipe_decides_the_number_format() -> None:
    assert choose_dtype(CPU, "float32") == torch.float32
    assert choose_dtype(CPU, "bfloat16") == torch.bfloat16


@pytest.mark.parametrize(("answer", "dtype"), [(True, torch.bfloat16), (False, torch.float32)])
def test_auto_asks_the_processor(answer: bool, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: answer)
    assert choose_dtype(CPU, "auto") == dtype


def test_auto_is_safe_where_torch_can_t_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(torch.cpu, "_is_avx512_bf16_supported", raising=False)
    assert choose_dtype(CPU, "auto") == torch.float32


def test_threads_must_be_positive() -> None:
    before = torch.get_num_threads()
    set_threads(None)
    assert torch.get_num_threads() == before
    with pytest.raises(UsageError, match="at least 1"):
        set_threads(0)
