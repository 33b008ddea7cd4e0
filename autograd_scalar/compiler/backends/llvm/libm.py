"""The functions of libm for vectors, as LLVM IR.

Each function is within 2 ulp of the true value over its whole range; exp, log, sin, cos and pow are within 1. The
largest errors at some 100,000 random points, in ulp: log2 0.51, exp 0.68, pow 0.70, sin 0.75, log 0.81, tanh 1.0,
expm1 1.2, sinh and cosh 1.3, acosh 1.42. The result of a lane depends neither on its neighbors nor on their number.
The code has no branches except one: arguments that would lengthen the common path (logarithms of subnormal numbers,
sines of huge angles) are passed to libm.

A value with more than the precision of a double is a pair, high and low, whose sum is the value.

The file is long because it is a list of functions of a few lines each, which share the helpers above them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import inf, nan

from autograd_scalar.compiler.backends.llvm import coefficients
from autograd_scalar.compiler.backends.llvm.vectors import (
    Vector,
    absolute,
    ceil,
    floor,
    fma,
    left_to_libm,
    nearest,
    select,
    sqrt,
    trunc,
    vector_function,
    with_sign,
)

Pair = tuple[Vector, Vector]

# Constants as sums of doubles. The leading parts of LN2, LOG10_2, PI and HALF_PI end in enough zeros for exact products
# with the integers that occur.
LN2 = (0.6931471805598903, 5.497923018708371e-14)
FULL_LN2 = (0.6931471805599453, 2.3190468138462996e-17)
LOG10_2 = (0.30102999566395283, 2.8363394551044964e-14)
PI = (3.1415926535846666, 5.1266883031679116e-12, 2.1125998133974855e-23)
HALF_PI = (1.5707963267948948, 1.8369701987210297e-15)
LOG2_E = (1.4426950408889634, 2.0355273740931033e-17)
LOG10_E = (0.4342944819032518, 1.098319650216765e-17)
THIRD = (0.3333333333333333, 1.850371707708594e-17)
TWO_THIRDS = (2.0 * THIRD[0], 2.0 * THIRD[1])

SMALLEST_NORMAL = 2.0**-1022
#: x + SHIFTER has x, rounded to an integer, in its lowest bits.
SHIFTER = 1.5 * 2.0**52
#: The exponent of 1.0 in the exponent field of a double, and the mask of that field.
BIAS = 1023 << 52
EXPONENT = 0x7FF << 52
#: The bits of 2.0**52; with a small integer n in the lowest bits they are those of 2**52 + n.
COUNTER = (1023 + 52) << 52


def polynomial(x: Vector, coefficients: Sequence[float]) -> Vector:
    """Return the value of a polynomial by Estrin's scheme, which combines neighboring terms in pairs."""
    terms: list[Vector | float] = list(coefficients)
    while len(terms) > 1:
        pairs = zip(terms[::2], terms[1::2], strict=False)
        joined: list[Vector | float] = [fma(high, x, low) for low, high in pairs]
        terms = joined + terms[2 * len(joined) :]
        x = x * x
    result = terms[0]
    assert isinstance(result, Vector)
    return result


def fast_two_sum(a: Vector, b: Vector) -> Pair:
    """Return a + b exactly, provided that |a| >= |b| or a is 0 (Dekker)."""
    total = a + b
    return total, b - (total - a)


def two_product(a: Vector, b: Vector) -> Pair:
    """Return a * b: exactly with fma, otherwise within 2**-104 by Dekker's splitting."""
    product = a * b
    if a.function.fma:
        return product, fma(a, b, -product)
    a_high, b_high = ((v.bits() & -(1 << 27)).double() for v in (a, b))
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def times(a: Pair, b: tuple[float, float]) -> Pair:
    """Return the product of two pairs."""
    product, error = two_product(a[0], a[0].function.vector(b[0]))
    return product, fma(a[1], b[0], fma(a[0], b[1], error))


def ratio(a: Vector, a_low: Vector | None, b: Vector, b_low: Vector) -> Pair:
    """Return (a + a_low) / (b + b_low) with one division, within about 2**-104."""
    inverse = 1.0 / b
    quotient = a * inverse
    if b.function.fma:
        rest = fma(-quotient, b, a)
    else:
        product, error = two_product(quotient, b)
        rest = (a - product) - error
    rest = fma(-quotient, b_low, rest)
    return quotient, (rest if a_low is None else rest + a_low) * inverse


def rounded(x: Vector, scale: float) -> tuple[Vector, Vector]:
    """Return x * scale rounded to an integer n, as a double and in the lowest bits of an i64."""
    shifted = fma(x, scale, SHIFTER)
    return shifted - SHIFTER, shifted.bits()


def power_of_two(n: Vector) -> Vector:
    """Return 2**n for -1022 <= n <= 1023, given an i64 with n in its lowest bits."""
    return ((n << 52) + BIAS).double()


def ordinary(x: Vector) -> Vector:
    """Return the mask of positive numbers that are normal and finite."""
    return (x >= SMALLEST_NORMAL) & (x < inf)


# Exponentials: x = n ln(2) + r with |r| <= ln(2) / 2, and exp(x) = 2**n exp(r).


def reduced(x: Vector, low: Vector | None = None) -> tuple[Pair, Vector, Vector]:
    """Return r, n, and an i64 with n in its lowest bits."""
    n, integer = rounded(x, LOG2_E[0])
    r = fma(n, -LN2[0], x)
    high = fma(n, -LN2[1], r)
    rest = fma(n, -LN2[1], r - high)
    if low is not None:
        high, rest = fast_two_sum(high, rest + low)
    return (high, rest), n, integer


def exponential(high: Vector, low: Vector) -> Pair:
    """Return exp(r) for the pair r, within 2**-56."""
    total, error = fast_two_sum(high.function.vector(1.0), high)
    return total, fma(low, total, fma(high * high, polynomial(high, coefficients.EXP), error))


def within_range(x: Vector) -> Vector:
    """Return x, or the last number beyond which exp(x) is inf or 0."""
    return select(x > 710.0, 710.0, select(x < -746.0, -746.0, x))


def exp(x: Vector) -> Vector:
    result, _ = exp_as_pair(x)
    return result


def exp_as_pair(x: Vector) -> Pair:
    r, n, integer = reduced(within_range(x))
    high, low = fast_two_sum(*exponential(*r))
    # 2**n in two steps: as one number it would overflow before the result does.
    _, half = rounded(n, 0.5)
    first, second = power_of_two(half), power_of_two(integer - half)
    return high * first * second, low * first * second


def exp2(x: Vector) -> Vector:
    x = select(x > 1025.0, 1025.0, select(x < -1100.0, -1100.0, x))  # beyond which it is inf, and 0
    n, integer = rounded(x, 1.0)
    r = x - n
    high, low = two_product(r, x.function.vector(FULL_LN2[0]))
    total, rest = exponential(high, fma(r, FULL_LN2[1], low))
    _, half = rounded(n, 0.5)
    return (total + rest) * power_of_two(half) * power_of_two(integer - half)


def exp_of_pair(high: Vector, low: Vector) -> Vector:
    """Return exp(high + low) for |high| < 708."""
    r, _, integer = reduced(high, low)
    total, rest = exponential(*r)
    return (total + rest) * power_of_two(integer)


def expm1(x: Vector) -> Vector:
    (r, low), _, integer = reduced(within_range(x))  # as in exp, which is its derivative
    tail = fma(r * r, polynomial(r, coefficients.EXP), low)
    power = power_of_two(integer)
    less = power - 1.0
    total = fma(power, r, less)
    result = total + fma(power, tail, fma(power, r, less - total))
    result = select(x < -50.0, -1.0, result)  # beyond -708 the power is not one of two
    return left_to_libm(~(x < 709.0), with_sign(result, x), x)


def hyperbolic(x: Vector) -> tuple[Vector, Vector, Vector, Vector, Vector]:
    """Return r of |x| < 708, sinh(r) - r, cosh(r) - 1, sinh(n ln(2)) and cosh(n ln(2))."""
    (r, low), _, integer = reduced(absolute(x))
    z = r * r
    sine = fma(r * z, polynomial(z, coefficients.SINH), low)
    cosine = fma(z, polynomial(z, coefficients.COSH), r * low)
    up, down = power_of_two(integer - 1), power_of_two(~integer)
    return r, sine, cosine, up - down, up + down


def sinh(x: Vector) -> Vector:
    r, sine, cosine, a, b = hyperbolic(x)
    total = fma(b, r, a)
    result = total + fma(a, cosine, fma(b, sine, fma(b, r, a - total)))
    return left_to_libm(~(absolute(x) < 708.0), with_sign(result, x), x)


def cosh(x: Vector) -> Vector:
    r, sine, cosine, a, b = hyperbolic(x)
    total = fma(a, r, b)
    result = total + fma(b, cosine, fma(a, sine, fma(a, r, b - total)))
    return left_to_libm(~(absolute(x) < 708.0), result, x)


def tanh(x: Vector) -> Vector:
    # (1 - e) / (1 + e) for e = exp(-2 |x|). The row's derivative has the same e, written as here, so LLVM computes it
    # once: beyond 64, where tanh is 1, e is that of _decay.
    double = absolute(x) * 2.0
    e, e_low = exp_as_pair(select(double > 128.0, x.function.vector(64.0), 0.0) - double)
    one = x.function.vector(1.0)
    above, above_low = fast_two_sum(one, -e)
    below, below_low = fast_two_sum(one, e)
    inverse = 1.0 / below
    quotient = above * inverse
    rest = fma(-quotient, below_low, fma(-quotient, below, above)) + (above_low - e_low)
    return with_sign(fma(rest, inverse, quotient), x)


# Logarithms: x = 2**k m, and log(m) = 2 atanh(s) with s = (m - 1) / (m + 1).


def split(x: Vector) -> tuple[Vector, Vector]:
    """Return k, as a double, and m in [sqrt(1/2), sqrt(2)), for a positive normal x."""
    bits = x.bits()
    # k steps at sqrt(1/2), and is biased by 1023 because vectors have no fast signed shift.
    counted = bits + (BIAS - 0x3FE6A09E667F3BCD)
    k = ((counted >> 52) | COUNTER).double() - (2.0**52 + 1023.0)
    return k, (bits - (counted & EXPONENT) + BIAS).double()


def logarithm(k: Vector, f: Vector, low: Vector | None = None) -> Vector:
    """Return k ln(2) + log(1 + f + low) for 1 + f = m."""
    s = f / (f + 2.0)
    z = s * s
    less = s * fma(-z, polynomial(z, coefficients.ATANH), f)  # 2 s = f - s f
    total, error = fast_two_sum(k * LN2[0], f)
    if low is not None:
        error = error + low
    return total + (error - fma(k, -LN2[1], less))


def log(x: Vector) -> Vector:
    k, m = split(x)
    return left_to_libm(~ordinary(x), logarithm(k, m - 1.0), x)


def log1p_of_pair(x: Vector, low: Vector | None = None) -> Vector:
    """Return log(1 + x + low) for finite x > -1."""
    u = x + 1.0
    lost = select(absolute(x) < 1.0, x - (u - 1.0), 1.0 - (u - x))
    if low is not None:
        lost = lost + low
    k, m = split(u)
    inverse_power = (BIAS - (u.bits() - m.bits())).double()
    return logarithm(k, *fast_two_sum(m - 1.0, lost * inverse_power))


def log1p(x: Vector) -> Vector:
    result = with_sign(log1p_of_pair(x), x)
    return left_to_libm(~((x > -1.0) & (x < 2.0**1000)), result, x)


def log_of_part(x: Vector) -> tuple[Vector, Pair]:
    """Return k, and log(m) as a pair, within about 2**-65."""
    k, m = split(x)
    f = m - 1.0
    s, s_low = ratio(f, None, *fast_two_sum(x.function.vector(2.0), f))
    z, z_low = two_product(s, s)
    z_low = fma(s + s, s_low, z_low)
    cube, cube_low = two_product(z, s)
    cube_low = cube_low + fma(z, s_low, z_low * s)
    term, term_low = times((cube, cube_low), TWO_THIRDS)
    tail = fma(cube * z, polynomial(z, coefficients.ATANH_TAIL), term_low)
    total, error = fast_two_sum(s + s, term)
    return k, (total, error + fma(s_low, 2.0, tail))


def log_to_base(
    x: Vector, log_2: tuple[float, float] | None, log_e: tuple[float, float] | None
) -> Pair:
    """Return log(x) to a base, given the logarithms of 2 and e to that base; None is 1."""
    k, part = log_of_part(x)
    if log_e is not None:
        part = times(part, log_e)
    total, error = fast_two_sum(k if log_2 is None else k * log_2[0], part[0])
    low = error + part[1]
    return total, low if log_2 is None else fma(k, log_2[1], low)


def log2(x: Vector) -> Vector:
    high, low = log_to_base(x, None, LOG2_E)
    return left_to_libm(~ordinary(x), high + low, x)


def log10(x: Vector) -> Vector:
    high, low = log_to_base(x, LOG10_2, LOG10_E)
    return left_to_libm(~ordinary(x), high + low, x)


def cbrt(x: Vector) -> Vector:
    size = absolute(x)
    result = exp_of_pair(*times(log_to_base(size, LN2, None), THIRD))
    return left_to_libm(~ordinary(size), with_sign(result, x), x)


def pow(x: Vector, y: Vector) -> Vector:
    base = absolute(x)
    log_high, log_low = log_to_base(base, LN2, None)
    high, low = two_product(y, log_high)
    result = exp_of_pair(high, fma(y, log_low, low))
    zero = base.equals(0.0) & y.differs(0.0) & y.equals(y)
    result = select(zero, select(y < 0.0, inf, 0.0), result)
    half = y * 0.5
    whole = nearest(y).equals(y)
    odd = whole & nearest(half).differs(half)
    result = select((x < 0.0) & ~whole, nan, select(odd, with_sign(result, x), result))
    rare = ~((ordinary(base) & (absolute(high) < 708.0)) | zero)
    return left_to_libm(rare, result, x, y)


def asinh(x: Vector) -> Vector:
    # log(x + sqrt(x**2 + 1)) = log1p(x + x**2 / (1 + sqrt(x**2 + 1)))
    size = absolute(x)
    square = size * size
    result = log1p_of_pair(*fast_two_sum(size, square / (sqrt(square + 1.0) + 1.0)))
    return left_to_libm(~(size < 2.0**500), with_sign(result, x), x)


def acosh(x: Vector) -> Vector:
    # log(x + sqrt(x**2 - 1)), with t = x - 1
    t = x - 1.0
    result = log1p_of_pair(*fast_two_sum(sqrt(fma(t, t, t + t)), t))
    return left_to_libm(~((x >= 1.0) & (x < 2.0**500)), result, x)


def atanh(x: Vector) -> Vector:
    # log(up / down) / 2, where up / down = (1 + x) / (1 - x) = 2**k m and s = (m - 1) / (m + 1)
    size = absolute(x)
    one = x.function.vector(1.0)
    up, up_low = fast_two_sum(one, size)
    down, down_low = fast_two_sum(one, -size)
    shift = (up.bits() - down.bits() + (1 << 51)) & EXPONENT
    power = (shift + BIAS).double()
    k = ((shift >> 52) | COUNTER).double() - 2.0**52
    less, less_low = fast_two_sum(up - power * down, up_low - power * down_low)
    more, more_low = fast_two_sum(up + up, -less)
    s, s_low = ratio(less, less_low, more, more_low + (up_low + up_low - less_low))
    z = s * s
    tail = fma(s * z * 0.5, polynomial(z, coefficients.ATANH), s_low)
    total, error = fast_two_sum(k * (LN2[0] / 2.0), s)
    result = total + (error + fma(k, LN2[1] / 2.0, tail))
    return left_to_libm(~(size < 1.0), with_sign(result, x), x)


# Angles: x = n pi/2 + r with |r| <= pi/4.


def quarter_turns(x: Vector) -> tuple[Pair, Pair, Vector]:
    """Return sin(r), cos(r), and an i64 with n in its lowest bits, for |x| < 1e5.

    The products with n are exact up to 2**16, and r is known to 2**-110. No double in this range except 0 is closer
    than 2**-61 to a multiple of pi/2, so the sine is accurate even there.
    """
    n, integer = rounded(x, 2.0 / PI[0])
    r = fma(n, -PI[0] / 2.0, x)
    step = n * (-PI[1] / 2.0)
    high = r + step
    low = fma(n, -PI[2] / 2.0, (r - high) + step)
    z = high * high
    half = z * 0.5
    sine = fma(high * z, polynomial(z, coefficients.SIN), fma(-low, half, low))
    level, error = fast_two_sum(x.function.vector(1.0), -half)
    cosine = fma(z * z, polynomial(z, coefficients.COS), fma(-high, low, error))
    return (high, sine), (level, cosine), integer


def sine(x: Vector, quarters: int) -> Vector:
    """Return sin(x + quarters * pi/2)."""
    (high, high_low), (level, level_low), integer = quarter_turns(x)
    integer = integer + quarters
    odd = integer.odd()
    result = select(odd, level, high) + select(odd, level_low, high_low)
    return (result.bits() ^ ((integer >> 1) << 63)).double()


def sin(x: Vector) -> Vector:
    result = select(x.equals(0.0), x, sine(x, 0))  # keeps the sign of zero
    return left_to_libm(~(absolute(x) < 1e5), result, x)


def cos(x: Vector) -> Vector:
    return left_to_libm(~(absolute(x) < 1e5), sine(x, 1), x)


def tan(x: Vector) -> Vector:
    up, across, integer = quarter_turns(x)
    up, across = fast_two_sum(*up), fast_two_sum(*across)
    odd = integer.odd()
    result, rest = ratio(
        select(odd, -across[0], up[0]),
        select(odd, -across[1], up[1]),
        select(odd, up[0], across[0]),
        select(odd, up[1], across[1]),
    )
    result = select(x.equals(0.0), x, result + rest)
    return left_to_libm(~(absolute(x) < 1e5), result, x)


def arcsine(x: Vector) -> tuple[Vector, Vector, Vector]:
    """Return the mask |x| > 1/2; s = sqrt((1 - |x|) / 2) in its lanes, |x| in the others; and asin(s) - s."""
    size = absolute(x)
    large = size > 0.5
    z = select(large, fma(size, -0.5, 0.5), size * size)
    s = select(large, sqrt(z), size)
    return large, s, s * z * polynomial(z, coefficients.ASIN)


def asin(x: Vector) -> Vector:
    # asin(s), or pi/2 - 2 asin(s) for large |x|
    large, s, rest = arcsine(x)
    total, error = fast_two_sum(x.function.vector(HALF_PI[0]), s * -2.0)
    result = select(large, total + (error + fma(rest, -2.0, HALF_PI[1])), s + rest)
    return with_sign(result, x)


def acos(x: Vector) -> Vector:
    # pi/2 - asin(x); for large |x| 2 asin(s) if x is positive, pi - 2 asin(s) if it is negative
    large, s, rest = arcsine(x)
    sign = with_sign(x.function.vector(1.0), x)
    factor = select(large, sign * 2.0, -sign)
    quarters = select(large, 1.0 - sign, 1.0)
    total, error = fast_two_sum(quarters * HALF_PI[0], factor * s)
    return total + (error + fma(factor, rest, quarters * HALF_PI[1]))


def arctangent(a: Vector, b: Vector, quarters: Vector, sign: Vector) -> Vector:
    """Return quarters * pi/2 + sign * atan(a / b) for 0 <= a <= b."""
    # Above tan(pi/8), atan(a / b) = pi/4 + atan((a - b) / (a + b)).
    middle = a > b * 0.41421356237309503
    less, less_low = fast_two_sum(-b, a)
    more, more_low = fast_two_sum(b, a)
    t, t_low = ratio(
        select(middle, less, a),
        select(middle, less_low, 0.0),
        select(middle, more, b),
        select(middle, more_low, 0.0),
    )
    z = t * t
    tail = fma(t * z, polynomial(z, coefficients.ATAN), t_low)
    quarters = quarters + select(middle, sign * 0.5, 0.0)
    total, error = fast_two_sum(quarters * HALF_PI[0], sign * t)
    return total + (error + fma(sign, tail, quarters * HALF_PI[1]))


def atan(x: Vector) -> Vector:
    size = absolute(x)
    size = select(size > 2.0**60, 2.0**60, size)  # beyond which it is pi/2
    large = size > 1.0
    a, b = select(large, 1.0, size), select(large, size, 1.0)
    quarters = select(large, x.function.vector(1.0), 0.0)
    return with_sign(arctangent(a, b, quarters, 1.0 - (quarters + quarters)), x)


def atan2(y: Vector, x: Vector) -> Vector:
    # for positive x atan(a / b) or pi/2 - atan(a / b), for negative x pi minus that
    up, across = absolute(y), absolute(x)
    steep = up > across
    a, b = select(steep, across, up), select(steep, up, across)
    side = with_sign(x.function.vector(1.0), x)
    result = arctangent(a, b, select(steep, 1.0, 1.0 - side), select(steep, -side, side))
    usual = (b > 2.0**-500) & (b < 2.0**500) & ((a > 2.0**-500) | a.equals(0.0))
    return left_to_libm(~usual, with_sign(result, y), y, x)


def fmod(x: Vector, y: Vector) -> Vector:
    # |x| - q |y| for the whole part q of the quotient, exactly; q may be 1 too large
    size, divisor = absolute(x), absolute(y)
    quotient = trunc(size / divisor)
    product, error = two_product(quotient, divisor)
    rest = (size - product) - error
    rest = select(rest < 0.0, rest + divisor, rest)
    exact = 2.0**52 if x.function.fma else 2.0**26  # beyond which the product may not be a pair
    usual = (quotient < exact) & (divisor > 2.0**-900) & (divisor < 2.0**900)
    return left_to_libm(~usual, with_sign(rest, x), x, y)


def hypot(x: Vector, y: Vector) -> Vector:
    a, b = absolute(x), absolute(y)
    larger = select(a > b, a, b)
    usual = ((larger > 2.0**-500) | larger.equals(0.0)) & (a < 2.0**500) & (b < 2.0**500)
    return left_to_libm(~usual, sqrt(fma(x, x, y * y)), x, y)


# The error function: below 1/2 erf is a polynomial, above it erfc is exp(-x**2) times a polynomial.


def error_functions(x: Vector) -> tuple[Vector, Vector, Vector]:
    """Return the mask |x| < 1/2; erf(x) in its lanes; and erfc(|x|) in the others, for |x| up to 26."""
    size = absolute(x)
    near = fma(x, polynomial(x * x, coefficients.ERF), x)
    bounded = select(size > 26.0, 26.0, size)
    square, square_low = two_product(bounded, bounded)
    r, _, integer = reduced(-square, -square_low)
    total, rest = exponential(*r)
    series = polynomial((bounded - 4.0) / (bounded + 4.0), coefficients.ERFC)
    one = x.function.vector(1.0)
    above = fast_two_sum(x.function.vector(1.125), series)
    below = fast_two_sum(bounded + bounded, one)
    factor, factor_low = ratio(*above, *below)
    product, error = two_product(factor, total)
    far = product + (error + fma(factor, rest, factor_low * total))
    return size < 0.5, near, far * power_of_two(integer)


def erf(x: Vector) -> Vector:
    small, near, far = error_functions(x)
    return select(small, near, with_sign(1.0 - far, x))


def erfc(x: Vector) -> Vector:
    small, near, far = error_functions(x)
    result = select(small, 1.0 - near, select(x < 0.0, 2.0 - far, far))
    return left_to_libm(~(x < 26.0), result, x)


#: The vector functions, by the names that the table of operations uses.
FUNCTIONS: dict[str, Callable[..., Vector]] = {
    "exp": exp, "exp2": exp2, "expm1": expm1, "sinh": sinh, "cosh": cosh, "tanh": tanh,
    "log": log, "log1p": log1p, "log2": log2, "log10": log10, "cbrt": cbrt, "pow": pow,
    "asinh": asinh, "acosh": acosh, "atanh": atanh,
    "sin": sin, "cos": cos, "tan": tan, "asin": asin, "acos": acos, "atan": atan, "atan2": atan2,
    "hypot": hypot, "erf": erf, "erfc": erfc,
    "sqrt": sqrt, "abs": absolute, "round": nearest, "floor": floor, "ceil": ceil,
    "trunc": trunc, "fmod": fmod,
}  # fmt: skip


def functions(names: Iterable[str], lanes: int, *, fma: bool) -> tuple[set[str], list[str]]:
    """Return the declarations that vector functions need, and the texts of the functions."""
    declarations, texts = set[str](), list[str]()
    for name in dict.fromkeys(names):
        text, needed = vector_function(name, FUNCTIONS[name], lanes, fma=fma)
        declarations |= needed
        texts.append(text)
    return declarations, texts


def definitions(names: Iterable[str], lanes: int, *, fma: bool) -> str:
    """Return the LLVM IR of a function `@{name}.v{lanes}` on vectors of doubles for each name.

    Pass all names of a module in one call, so that nothing is declared twice. With `fma` the code uses that
    instruction; without it the results are as accurate and the code is a little slower. The linker must find libm's
    functions, which compute rare lanes.

    Raises KeyError for a name that is not in FUNCTIONS, and ValueError for fewer than two lanes: LLVM aborts the
    process when it lowers the mask `<1 x i1>` for AVX-512. For one number call libm.

        >>> text = definitions(["sqrt"], 4, fma=True)
        >>> print(text[text.index("define") :])
        define internal <4 x double> @sqrt.v4(<4 x double> %x) {
        entry:
          %v1 = call <4 x double> @llvm.sqrt.v4f64(<4 x double> %x)
          ret <4 x double> %v1
        }
        <BLANKLINE>
    """
    if lanes < 2:
        raise ValueError(f"vectors have 2 lanes or more; got {lanes}: for one number call libm")
    declarations, texts = functions(names, lanes, fma=fma)
    return "\n".join([*sorted(declarations), *texts])
