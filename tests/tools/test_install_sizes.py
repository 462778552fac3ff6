from importlib import metadata

import install_sizes


def test_what_is_needed_is_followed_through_extras_and_packages() -> None:
    found, missing = install_sizes.find_packages(["smn-art[clean]", "no-such-package-of-ours>=1"])
    assert {"pyarrow", "scikit-learn", "scipy", "numpy"} <= found  # scipy is needed by scikit-learn
    assert missing == {"no-such-package-of-ours"}
    assert not {"pytest", "smn-art"} & found


def test_a_line_has_the_size_of_what_is_installed() -> None:
    files = metadata.files("pyarrow") or ()
    largest = max(file.locate().stat().st_size for file in files)
    assert install_sizes.measure("pyarrow") > largest > 1_000_000
    core, data = (install_sizes.describe(extra) for extra in ("", "data"))
    size = [int(line.split(" packages")[1].split("MB")[0].replace(",", "")) for line in (core, data)]
    assert core.startswith("without extras")
    assert size[1] - size[0] > largest / 1e6
