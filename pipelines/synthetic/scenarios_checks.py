from pipelines.synthetic.stage import Scenario

CHECK_SCENARIOS: tuple[Scenario, ...] = ()
