from pipelines.synthetic.stage import Scenario

WORK_SCENARIOS: tuple[Scenario, ...] = ()
