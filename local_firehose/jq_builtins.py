"""The functions that jq 1.6 has, by the number of their arguments.

Pure. Source: https://jqlang.org/manual/v1.6/, and what `builtins` lists.
"""

_BY_ARITY = {
    0: (
        "acos acosh add all any arrays ascii_downcase ascii_upcase asin asinh atan atanh booleans builtins cbrt ceil "
        "combinations cos cosh debug empty env erf erfc error exp exp10 exp2 explode expm1 fabs finites first flatten "
        "floor frexp from_entries fromdate fromdateiso8601 fromjson gamma get_jq_origin get_prog_origin "
        "get_search_list gmtime halt halt_error implode infinite input input_filename input_line_number inputs "
        "isfinite isinfinite isnan isnormal iterables j0 j1 keys keys_unsorted last leaf_paths length lgamma lgamma_r "
        "localtime log log10 log1p log2 logb max min mktime modf modulemeta nan nearbyint normals not now nulls "
        "numbers objects paths pow10 recurse recurse_down reverse rint round scalars scalars_or_empty significand sin "
        "sinh sort sqrt stderr strings tan tanh tgamma to_entries todate todateiso8601 tojson tonumber tostream "
        "tostring transpose trunc type unique utf8bytelength values y0 y1"
    ),
    1: (
        "IN INDEX all any bsearch capture combinations contains del delpaths endswith error first flatten format "
        "fromstream getpath group_by halt_error has in index indices inside isempty join last ltrimstr map map_values "
        "match max_by min_by nth path paths range recurse repeat rindex rtrimstr scan select sort_by split splits "
        "startswith strflocaltime strftime strptime test truncate_stream unique_by walk with_entries"
    ),
    2: (
        "IN INDEX JOIN all any atan2 capture copysign drem fdim fmax fmin fmod gsub hypot jn ldexp limit match "
        "nextafter nexttoward nth pow range recurse remainder scalb scalbln setpath split splits sub test until while "
        "yn"
    ),
    3: ("JOIN fma gsub range sub"),
    4: ("JOIN"),
}
FUNCTIONS = frozenset((name, arity) for arity, names in _BY_ARITY.items() for name in names.split())
FORMATS = frozenset({"text", "json", "csv", "tsv", "html", "uri", "sh", "base64", "base64d", "base32"})
