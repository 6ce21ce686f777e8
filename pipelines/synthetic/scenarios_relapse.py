from pipelines.synthetic.stage import Scenario

RELAPSE_SCENARIOS: tuple[Scenario, ...] = ()
