from smn.artists import cluster_artists


def test_clusters_are_artists_however_spelled_and_the_nameless_stand_alone() -> None:
    clusters = cluster_artists(["Paul Cézanne", "paul cezanne", None, None, "", "Edgar Degas"])
    assert clusters.tolist() == [0, 0, 1, 2, 3, 4]
