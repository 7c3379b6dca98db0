"""What the tracker may be tuned by; one set serves every scene. A tuple, so that compiled code reads it by name."""

from typing import NamedTuple


class TrackerParameters(NamedTuple):
    """Tuning of the tracker; SI units. Per-kind tuples follow `maps.participants.ParticipantKind`."""

    along_noise: tuple[float, ...] = (2.0, 2.0, 2.0, 1.5, 1.2, 2.0, 2.5, 1.5, 0.4)
    """Power of the white acceleration along the motion by kind, m2/s3."""
    across_noise: tuple[float, ...] = (1.0, 0.6, 0.6, 0.5, 0.4, 0.6, 1.0, 0.8, 0.4)
    """The same across the motion."""
    turn_noise: float = 0.02
    """Grows the power across the motion with speed squared: share of (m/s)2 in m2/s3."""
    roadside_sigma: float = 0.6
    """1-sigma position of a roadside report that states none, m."""
    self_sigma: float = 1.5
    """1-sigma position of a vehicle's own report that states none, m."""
    least_sigma: float = 0.1
    """No stated position is believed better than this, m."""
    velocity_sigma: float = 0.6
    """1-sigma velocity of a report that states none, m/s."""
    least_velocity_sigma: float = 0.25
    roadside_inflation: float = 1.2
    """Variance factor for roadside reports: they are smoothed tracks, their errors hang together in time."""
    self_inflation: float = 0.4
    """Variance factor for positions of a vehicle about itself, once their slow error is taken out."""
    self_slow_share: float = 0.8
    """Share of the stated variance of a vehicle's own position that is slow: GNSS errors drift over some 10 s."""
    self_slow_time: float = 10.0
    """Correlation time of a vehicle's own slow error, s."""
    least_self_velocity_sigma: float = 0.15
    """The velocity of a vehicle about itself is believed no better than this, m/s."""
    still_speed: float = 0.25
    """Who is reported at less than this on average over a second stands, m/s; speeds are told without a sign."""
    still_noise: float = 0.05
    """Share of the white acceleration that is left to who stands."""
    unknown_velocity_sigma: float = 6.0
    """1-sigma velocity of a newborn track without velocity, m/s."""
    outsider_density: float = 1.5e-3
    """Density of reports that belong to no known track, 1/m2."""
    prior_velocity_sigma: float = 5.0
    """Spread of velocities of reports that belong to no known track, m/s."""
    gate: float = 25.0
    """Largest squared normalised distance of a report from its track."""
    largest_reach: float = 12.0
    """Largest distance of a report from its track, m."""
    named_reliability: float = 0.9
    """From this reliability on a device's name may carry a report over the gate."""
    named_window: float = 0.6
    """The name must have been given within this time, s."""
    named_reach: float = 5.0
    """Largest distance of a report from the track that its name means, m."""
    named_distance: float = 16.0
    """A report whose name means the track counts as no further away, squared normalised distance."""
    identity_window: float = 1.5
    """A device's object name counts as evidence for this long, s."""
    identity_chance: float = 0.02
    """Probability that another object carries the name by chance."""
    identity_cost: float = 1.5
    """A name weighs no more than this for or against a pair, in units of squared normalised distance."""
    identity_rate: float = 0.02
    """Weight of the newest outcome in a device's name reliability."""
    birth_log_odds: float = -2.5
    """Existence of a track after its first roadside report."""
    edge_birth_log_odds: float = -0.1
    """The same where it came in at the edge of the device's view."""
    self_birth_log_odds: float = 3.0
    """Existence of a track after its first report of a vehicle about itself."""
    hit_same: float = 1.2
    """Gain of a report by the device that reported last."""
    hit_other: float = 2.2
    """Gain of a report by another device."""
    highest_log_odds: float = 7.0
    lowest_log_odds: float = -4.5
    """Misses lower a track no further, so that it can come back; an unconfirmed one ends here when it falls silent."""
    confirm_log_odds: float = 2.2
    hide_log_odds: float = 1.0
    """A confirmed track below this is not shown but keeps its id for a while."""
    detection_near: float = 0.8
    detection_far: float = 0.55
    """Most that is believed of a sensor's detection probability in the inner and the outer half of its view. Less than
    the truth, because misses come in bursts."""
    burst_discount: float = 0.35
    """Share of a miss that counts where the sensor had missed the track before."""
    detection_rate: float = 0.01
    """Weight of the newest outcome in a sensor's learnt detection probability."""
    alive_discount: float = 0.2
    """Share of a miss that counts against a confirmed track which another device sees steadily."""
    view_margin: float = 0.99
    """Share of a sensor's radius within which a miss counts."""
    fade: float = 0.6
    """Loss of log-odds per second without a report."""
    coast: float = 3.0
    """A confirmed track lives this long without a report, s."""
    shown_for: float = 2.0
    """It is shown this long without a report, s; whoever comes back later is still known again."""
    tentative_coast: float = 0.45
    """An unconfirmed track lives this long without a report, s."""
    merge_distance: float = 6.0
    """Squared normalised distance (4 degrees of freedom) under which two tracks may be one."""
    merge_reach: float = 2.5
    """Distance beyond which two tracks are never one, m."""
    merge_after: float = 0.2
    """Time for which two tracks coincide before they are joined, s."""
    scan_span: float = 0.015
    """Reports of one device within this time form one scan, s."""
    longest_lag: float = 1.0
    """Reports older than this are refused, s."""
    farthest_future: float = 0.5
    """Reports with an event time further ahead of the clock are refused, s."""
    registration: bool = True
    """Estimate position offset, yaw and clock of each device."""
    offset_sigma: float = 0.25
    """Prior 1-sigma of a device's position offset, m."""
    yaw_sigma: float = 0.0057
    """Prior 1-sigma of a roadside sensor's yaw, rad."""
    clock_sigma: float = 0.021
    """Prior 1-sigma of a device's clock, s."""
    registration_half_life: float = 20.0
    """Half-life of what was learnt about two roadside units, s."""
    self_half_life: float = 5.0
    """The same where a vehicle's own terminal is one of two."""
    registration_inflation: float = 5.0
    """Variance factor of differences between devices: their errors hang together in time."""
    path_inflation: float = 3.0
    """The same for what a unit shows against the path that a terminal's velocities make, which has no slow error."""
    noise_rate: float = 0.004
    """Weight of the newest residual in a device's learnt variance of position."""
