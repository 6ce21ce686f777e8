from pipelines.synthetic.stage import Scenario

MISSED_SCENARIOS: tuple[Scenario, ...] = ()
