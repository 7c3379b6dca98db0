"""What stands when the engine starts to beat is not looked through again for garbage."""

import gc

from cloudctl.engine.warm_up import set_aside


def test_what_stands_before_the_first_beat_is_spared_the_garbage_collector() -> None:
    standing = [[number] for number in range(1000)]
    try:
        set_aside()
        looked_through = {id(each) for each in gc.get_objects()}
        assert gc.get_freeze_count() > len(standing)
        assert not any(id(each) in looked_through for each in standing)
    finally:
        gc.unfreeze()
