"""The order desk's tables; importing this package registers them with the shared metadata."""

from jiedan.desk.tables.aftercare import PlannedContact
from jiedan.desk.tables.aftersales import Acceptance, Issue, IssueUpdate
from jiedan.desk.tables.complaints import Complaint, ComplaintRecord
from jiedan.desk.tables.delivery import (
    Carrier,
    DeliveryConfirmation,
    ElectronicFile,
    Shipment,
    ShipmentLine,
    TrackingEvent,
    TransportException,
)
from jiedan.desk.tables.execution import Allocation, Milestone, Shortage, WorkPlan
from jiedan.desk.tables.goods import (
    CatalogueItem,
    IncomingStock,
    PricePolicy,
    Reservation,
    StockLevel,
    StockMove,
)
from jiedan.desk.tables.intake import (
    Evaluation,
    Inquiry,
    Lead,
    PlatformOrder,
    PlatformReply,
    PlatformSku,
    TermsConfirmation,
)
from jiedan.desk.tables.judgement import Approval, ApprovalStep, Condition, Review, ReviewRound
from jiedan.desk.tables.money import Contract, Invoice, Payment, PaymentMatch, WriteOff
from jiedan.desk.tables.orders import (
    Checklist,
    ContactLog,
    Order,
    OrderHold,
    OrderLine,
    OrderStage,
    OrderVersion,
)
from jiedan.desk.tables.parties import Address, Contact, CreditProfile, Customer, Guarantee
from jiedan.desk.tables.portal import PortalAnswer, PortalGuess, PortalLink
from jiedan.desk.tables.production import ProductionOrder, QualityInspection
from jiedan.desk.tables.requests import Cancellation, OrderChange
from jiedan.desk.tables.returns import CreditNote, Refund, Return

__all__ = [
    "Acceptance",
    "Address",
    "Allocation",
    "Approval",
    "ApprovalStep",
    "Cancellation",
    "Carrier",
    "CatalogueItem",
    "Checklist",
    "Complaint",
    "ComplaintRecord",
    "Condition",
    "Contact",
    "ContactLog",
    "Contract",
    "CreditNote",
    "CreditProfile",
    "Customer",
    "DeliveryConfirmation",
    "ElectronicFile",
    "Evaluation",
    "Guarantee",
    "IncomingStock",
    "Inquiry",
    "Invoice",
    "Issue",
    "IssueUpdate",
    "Lead",
    "Milestone",
    "Order",
    "OrderChange",
    "OrderHold",
    "OrderLine",
    "OrderStage",
    "OrderVersion",
    "Payment",
    "PaymentMatch",
    "PlannedContact",
    "PlatformOrder",
    "PlatformReply",
    "PlatformSku",
    "PortalAnswer",
    "PortalGuess",
    "PortalLink",
    "PricePolicy",
    "ProductionOrder",
    "QualityInspection",
    "Refund",
    "Reservation",
    "Return",
    "Review",
    "ReviewRound",
    "Shipment",
    "ShipmentLine",
    "Shortage",
    "StockLevel",
    "StockMove",
    "TermsConfirmation",
    "TrackingEvent",
    "TransportException",
    "WorkPlan",
    "WriteOff",
]
