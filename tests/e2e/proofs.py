"""What a batch's recording proves, as `backtest BATCH` finds it."""

from liualgotrader.models.session_store import SessionStore
from liualgotrader.replaying.proof import Proof, prove
from liualgotrader.replaying.recording import Recording, load_recording
from tests.e2e.sessions import Setting
from tests.postgres import run


def recorded(setting: Setting, batch: str) -> Recording:
    """Return what a batch left behind."""

    async def load() -> Recording:
        async with await SessionStore.open(setting.dsn, max_size=1) as store:
            return await load_recording(store, batch, home=setting.home)

    recording: Recording = run(load())
    return recording


def assert_proved(setting: Setting, batch: str, *, lives: int) -> Proof:
    """Every life that the database knows is found, whole, and every decision is found again."""
    proof = prove(recorded(setting, batch))
    assert proof.first is None, proof.first
    assert [str(loss) for loss in proof.losses] == []
    assert len(proof.lives) == lives, [str(life) for life in proof.lives]
    assert proof.decisions >= 200
    return proof
