"""The Gram matrix of items and its regularised inverse: what closed-form learners are made of."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

DOUBLE_ITEMS = 5000
"""Up to so many items the inverse is worked out in double precision; beyond, half the memory and time."""


def gram_matrix(matrix: Any) -> NDArray[np.floating]:
    """Return XᵀX as a dense symmetric matrix (I, I) for a sparse X (P, I): float64 up to DOUBLE_ITEMS, else float32."""
    dtype = np.float64 if matrix.shape[1] <= DOUBLE_ITEMS else np.float32
    product = (matrix.T @ matrix).tocsr()
    return np.asarray(product.astype(dtype).toarray())


def invert_gram(gram: NDArray[np.floating], *, penalties: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return (gram + diag(penalties))⁻¹ (I, I) by Cholesky, in the precision of ``gram``, which is overwritten.

    Raises numpy.linalg.LinAlgError where the sum is not positive definite: penalties must be positive.
    """
    from scipy.linalg import get_lapack_funcs

    if not len(gram):
        return gram
    gram[np.diag_indices_from(gram)] += penalties.astype(gram.dtype)
    factor, invert = get_lapack_funcs(("potrf", "potri"), (gram,))
    # A symmetric matrix is its own transpose: as Fortran order it is not copied.
    upper, failed = factor(gram.T, lower=False, overwrite_a=True, clean=False)
    if failed:
        raise np.linalg.LinAlgError(f"not positive definite at item {failed - 1}: the penalty is too small")
    inverse, failed = invert(upper, lower=False, overwrite_c=True)
    if failed:
        raise np.linalg.LinAlgError(f"singular at item {failed - 1}: the penalty is too small")
    for start in range(0, len(inverse), 512):
        stop = min(start + 512, len(inverse))
        inverse[stop:, start:stop] = inverse[start:stop, stop:].T
        block = inverse[start:stop, start:stop]
        block[:] = np.triu(block) + np.triu(block, 1).T
    return np.asarray(inverse)
