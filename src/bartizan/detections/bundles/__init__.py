"""Rules as other systems import them: a Splunk app, Elastic detection rules, a Grafana dashboard."""

from bartizan.detections.bundles.alerts import Alert, alerts_of
from bartizan.detections.bundles.elastic import elastic_bundle
from bartizan.detections.bundles.grafana import grafana_bundle
from bartizan.detections.bundles.splunk import splunk_bundle

__all__ = ["Alert", "alerts_of", "elastic_bundle", "grafana_bundle", "splunk_bundle"]
