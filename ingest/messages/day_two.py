"""Parts that several Day II messages share: T/CSAE 157-2020, planned paths, drive suggestions and time of day."""

from typing import Annotated, Literal

from msgspec import Meta

from ingest.messages.common import (
    AccelerationSet4Way,
    Code7,
    ConfidencePercent,
    Heading,
    PositionConfidenceSet,
    ReferenceLink,
    Speed,
    TimeOffset,
    Wire,
)
from ingest.messages.enumerations import HeadingConfidence, SpeedConfidence
from ingest.messages.positions import PositionOffsetLLV

AngularVConfidence = (
    Literal[
        "unavailable", "prec100deg", "prec10deg", "prec5deg", "prec1deg", "prec0-1deg", "prec0-05deg", "prec0-01deg"
    ]
    | Annotated[int, Meta(ge=0, le=7)]
)
DriveBehavior = Annotated[str, Meta(pattern="^[01]{14,32}$")]
ParkingType = Annotated[str, Meta(pattern="^[01]{10,32}$")]
AccConfidence = (
    Literal[
        "unavailable", "prec100deg", "prec10deg", "prec5deg", "prec1deg", "prec0-1deg", "prec0-05deg", "prec0-01deg"
    ]
    | Annotated[int, Meta(ge=0, le=7)]
)
HumanPropelledType = (
    Literal["unavailable", "otherTypes", "onFoot", "skateboard", "pushOrKickScooter", "wheelchair"]
    | Annotated[int, Meta(ge=0, le=5)]
)
AnimalPropelledType = (
    Literal["unavailable", "otherTypes", "animalMounted", "animalDrawnCarriage"] | Annotated[int, Meta(ge=0, le=3)]
)
MotorizedPropelledType = (
    Literal["unavailable", "otherTypes", "wheelChair", "bicycle", "scooter", "selfBalancingDevice"]
    | Annotated[int, Meta(ge=0, le=5)]
)
PersonalDeviceUsageState = Annotated[str, Meta(pattern="^[01]{9,32}$")]
PersonalAssistive = Annotated[str, Meta(pattern="^[01]{6,32}$")]
RoadWorkerType = (
    Literal[
        "unavailable",
        "trafficPolice",
        "constructionPersonnel",
        "policeOfficers",
        "trafficControlPersons",
        "railroadCrossingGuards",
        "emergencyOrganizationPersonnel",
    ]
    | Annotated[int, Meta(ge=0, le=6)]
)
RoadWorkerActivityType = Annotated[str, Meta(pattern="^[01]{6,32}$")]
PersonalCrossing = Literal["unavailable", "request", "crossing", "finish"] | Annotated[int, Meta(ge=0, le=3)]
PersonalDeviceUserType = (
    Literal["unavailable", "aPEDESTRIAN", "aPEDALCYCLIST", "aROADWORKER", "anANIMAL"] | Annotated[int, Meta(ge=0, le=4)]
)
NumberOfParticipantsInCluster = Literal["unavailable", "small", "medium", "large"] | Annotated[int, Meta(ge=0, le=3)]
Attachment = (
    Literal["unavailable", "stroller", "bicycleTrailer", "cart", "wheelchair", "otherWalkAssistAttachments", "pet"]
    | Annotated[int, Meta(ge=0, le=6)]
)


class AccSet4WayConfidence(Wire, frozen=True):
    """DF_AccSet4WayConfidence."""

    lon_acc_confidence: AccConfidence
    lat_acc_confidence: AccConfidence
    vert_acc_confidence: AccConfidence
    yaw_rate_con: AngularVConfidence


class PathPlanningPoint(Wire, frozen=True):
    """DF_PathPlanningPoint."""

    pos: PositionOffsetLLV
    pos_in_map: ReferenceLink | None = None
    pos_accuracy: PositionConfidenceSet | None = None
    speed: Speed | None = None
    speed_cfd: SpeedConfidence | Code7 | None = None
    heading: Heading | None = None
    heading_cfd: HeadingConfidence | Code7 | None = None
    accel_set: AccelerationSet4Way | None = None
    acc4_way_confidence: AccSet4WayConfidence | None = None
    estimated_time: TimeOffset | None = None
    time_confidence: ConfidencePercent | None = None


class PropelledInformation(Wire, frozen=True):
    """CHOICE DF_PropelledInformation."""

    human: HumanPropelledType | None = None
    animal: AnimalPropelledType | None = None
    motor: MotorizedPropelledType | None = None


class PersonalExtensions(Wire, frozen=True):
    """DF_PersonalExtensions."""

    use_state: PersonalDeviceUsageState | None = None
    assist_type: PersonalAssistive | None = None


class RoadWorkerExtensions(Wire, frozen=True):
    """DF_RoadWorkerExtensions."""

    worker_type: RoadWorkerType | None = None
    activity_type: RoadWorkerActivityType | None = None


class PersonalRequest(Wire, frozen=True):
    """DF_PersonalRequest."""

    crossing: PersonalCrossing | None = None


class NonMotorData(Wire, frozen=True):
    """DF_Non-motorData."""

    basic_type: PersonalDeviceUserType
    propulsion: PropelledInformation | None = None
    cluster_size: NumberOfParticipantsInCluster | None = None
    attachment: Attachment | None = None
    personal_ext: PersonalExtensions | None = None
    road_worker_ext: RoadWorkerExtensions | None = None
    personal_req: PersonalRequest | None = None
