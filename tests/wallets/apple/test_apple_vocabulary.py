"""Apple's words as data: the tables of reference/apple-wallet.md section 2, repeated here by hand, row for row, in short.

A row of the reference that the data file lacks fails here; so does a type, a constraint or a release that differs."""

import pytest

from billfold.domain.content import ImageSlot, Style
from billfold.images.slots import APPLE_FILES
from billfold.wallets.apple import vocabulary as room
from billfold.wallets.apple.vocabulary import Key, vocabulary

WORDS = vocabulary()


def described(key: Key) -> str:
    kind = f"{key.kind}.{key.of}" if key.of else key.kind
    return f"[{kind}]" if key.listed else kind


def expected(text: str) -> dict[str, tuple[str, str, bool]]:
    """`name: type since!` lines → name → (type, since, required)."""
    rows = {}
    for line in filter(str.strip, text.splitlines()):
        names, rest = line.split(":")
        kind, since = rest.split()
        for name in names.split():
            rows[name] = (kind, since.rstrip("!"), since.endswith("!"))
    return rows


TABLES: dict[str, str] = {
    # Section 2.1, with the rows of 2.8 to 2.10 that stand at the top level.
    "pass": """
        formatVersion: integer 6!
        passTypeIdentifier teamIdentifier serialNumber: string 6!
        organizationName description: localized 6!
        boardingPass coupon eventTicket generic storeCard: dict.style 6
        posterGeneric: dict.style 27
        logoText: localized 6
        backgroundColor foregroundColor labelColor: color 6
        suppressStripShine: boolean 6
        barcodes: [dict.barcode] 9
        barcode: dict.barcode 6
        locations: [dict.location] 6
        maxDistance: number 7
        beacons: [dict.beacon] 7
        relevantDate: date 6
        relevantDates: [dict.relevantDate] 18
        expirationDate: date 7
        voided: boolean 7
        sharingProhibited: boolean 11
        groupingIdentifier: string 7
        associatedStoreIdentifiers: [integer] 6
        appLaunchURL: uri 7
        userInfo: object 7
        webServiceURL: uri 6
        authenticationToken: string 6
        nfc: dict.nfc 9
        semantics: dict.semantics 12
        preferredStyleSchemes: [enum.styleScheme] 18
        featuredActions: [dict.featuredAction] 27
        stripColor: color ?
        bagPolicyURL orderFoodURL parkingInformationURL directionsInformationURL purchaseParkingURL merchandiseURL: uri 18
        transitInformationURL accessibilityURL addOnURL transferURL sellURL contactVenueWebsite: uri 18
        contactVenueEmail contactVenuePhoneNumber: string 18
        eventLogoText: localized 18.1
        suppressHeaderDarkening useAutomaticColors: boolean 18
        footerBackgroundColor: color 18
        auxiliaryStoreIdentifiers: [integer] 18
        upcomingPassInformation: [dict.upcoming] 26
        changeSeatURL entertainmentURL purchaseAdditionalBaggageURL purchaseLoungeAccessURL purchaseWifiURL upgradeURL: uri 26
        managementURL registerServiceAnimalURL reportLostBagURL requestWheelchairURL trackBagsURL: uri 26
        transitProviderWebsiteURL: uri 26
        transitProviderEmail transitProviderPhoneNumber businessChatIdentifier: string 26
    """,
    "barcode": """
        format: enum.barcodeFormat 6!
        message: string 6!
        messageEncoding: charset 6!
        altText: string 6
    """,
    "location": """
        latitude longitude: number 6!
        altitude: number 6
        relevantText: localized 6
    """,
    "beacon": """
        proximityUUID: string 7!
        major minor: integer 7
        relevantText: localized 7
    """,
    "relevantDate": """
        date: date 26
        relevantDate startDate endDate: date 18
    """,
    "style": """
        headerFields primaryFields secondaryFields auxiliaryFields backFields: [dict.field] 6
        additionalInfoFields: [dict.field] 18
        footerFields: [dict.field] 27
        transitType: enum.transitType 6
    """,
    # Section 2.5.
    "field": """
        key: string 6!
        value: value 6!
        label: localized 6
        attributedValue: value 7
        changeMessage: localized 6
        dataDetectorTypes: [enum.dataDetector] 7
        dateStyle timeStyle: enum.dateStyle 6
        isRelative: boolean 6
        ignoresTimeZone: boolean 7
        currencyCode: currency 6
        numberStyle: enum.numberStyle 6
        textAlignment: enum.textAlignment 6
        row: integer 9
        semantics: dict.semantics 12
    """,
    # Section 2.7.
    "semantics": """
        totalPrice balance: dict.CurrencyAmount 12
        wifiAccess: [dict.WifiNetwork] 12
        duration: number 12
        seats: [dict.Seat] 12
        silenceRequested: boolean 12
        boardingGroup boardingSequenceNumber confirmationNumber: localized 12
        boardingZone membershipProgramStatus ticketFareClass: localized 26
        currentArrivalDate currentBoardingDate currentDepartureDate: date 12
        originalArrivalDate originalBoardingDate originalDepartureDate: date 12
        departureLocation destinationLocation venueLocation: dict.Location 12
        departureLocationDescription destinationLocationDescription departureGate: localized 12
        membershipProgramName membershipProgramNumber priorityStatus securityScreening: localized 12
        passengerName: dict.PersonNameComponents 12
        transitProvider transitStatus transitStatusReason vehicleName vehicleNumber vehicleType: localized 12
        airlineCode flightCode departureAirportCode departureAirportName departureTerminal: localized 12
        flightNumber: number 12
        destinationAirportCode destinationAirportName destinationGate destinationTerminal: localized 12
        departureCityName destinationCityName: localized 26
        departureLocationTimeZone destinationLocationTimeZone: timezone 26
        departureLocationSecurityPrograms destinationLocationSecurityPrograms: [enum.securityProgram] 26
        passengerEligibleSecurityPrograms: [enum.securityProgram] 26
        passengerCapabilities: [enum.passengerCapability] 26
        passengerAirlineSSRs: [string] 26
        passengerInformationSSRs: [enum.informationSSR] 26
        passengerServiceSSRs: [enum.serviceSSR] 26
        internationalDocumentsAreVerified: boolean 26
        internationalDocumentsVerifiedDeclarationName: localized 26
        loungePlaceIDs: [string] 26
        carNumber departurePlatform departureStationName destinationPlatform destinationStationName: localized 12
        eventType: enum.eventType 12
        eventName genre venueName venuePhoneNumber venueRoom venueEntrance: localized 12
        eventStartDate eventEndDate: date 12
        eventStartDateInfo: dict.EventDateInfo 18
        artistIDs performerNames: [string] 12
        admissionLevel admissionLevelAbbreviation additionalTicketAttributes attendeeName: localized 18
        albumIDs playlistIDs: [string] 18
        entranceDescription venueRegionName venueEntranceDoor venueEntranceGate venueEntrancePortal: localized 18
        tailgatingAllowed: boolean 18
        venueBoxOfficeOpenDate venueCloseDate venueDoorsOpenDate venueFanZoneOpenDate venueGatesOpenDate: date 18
        venueOpenDate venueParkingLotsOpenDate: date 18
        awayTeamAbbreviation awayTeamLocation awayTeamName homeTeamAbbreviation homeTeamLocation homeTeamName: localized 12
        leagueAbbreviation leagueName sportName: localized 12
        eventLiveMessage: localized ?
        airplay: [object] 18
        venuePlaceID: string 26
    """,
    "CurrencyAmount": "amount: string 12!\n currencyCode: currency 12!",
    "Location": "latitude longitude: number 12!",
    "PersonNameComponents": "familyName givenName middleName namePrefix nameSuffix nickname phoneticRepresentation: string 12",
    "Seat": """
        seatDescription seatIdentifier seatNumber seatRow seatSection seatType: string 12
        seatAisle seatLevel: string 18
        seatSectionColor: color 18
    """,
    "WifiNetwork": "ssid password: string 12!",
    "EventDateInfo": """
        date: date 18
        timeZone: timezone 18
        ignoreTimeComponents: boolean 18
        unannounced undetermined: boolean 18.1
    """,
    # Section 2.8.
    "upcoming": """
        type: enum.upcomingType 26!
        identifier: string 26!
        name: localized 26!
        isActive: boolean 26
        dateInformation: dict.upcomingDate 26
        semantics: dict.semantics 26
        backFields additionalInfoFields: [dict.field] 26
        auxiliaryStoreIdentifiers: [integer] 26
        URLs: dict.upcomingURLs 26
        images: dict.upcomingImages 26
    """,
    "upcomingDate": """
        date: date 26
        timeZone: timezone 26
        ignoreTimeComponents isAllDay isUnannounced isUndetermined: boolean 26
    """,
    "upcomingURLs": """
        bagPolicyURL orderFoodURL parkingInformationURL directionsInformationURL purchaseParkingURL merchandiseURL: uri 26
        transitInformationURL accessibilityURL addOnURL transferURL sellURL contactVenueWebsite: uri 26
    """,
    "upcomingImages": "headerImage venueMap: dict.remoteImage 26",
    "remoteImage": "URLs: [dict.remoteImageURL] 26\n reuseExisting: boolean 26",
    "remoteImageURL": "URL: url 26!\n SHA256: string 26!\n scale size: integer 26",
    # Sections 2.10 and 3.
    "featuredAction": "identifier: string 27!\n type: enum.featuredAction 27!\n url: uri 27\n placeIdentifier: string 27",
    "nfc": "message encryptionPublicKey: string 9!\n requiresAuthentication: boolean 13.1",
    "personalization": """
        requiredPersonalizationFields: [enum.personalizationField] 10!
        description: localized 10!
        termsAndConditions: localized 10
    """,
}


@pytest.mark.parametrize("name", TABLES)
def test_each_row_of_the_reference_is_there_and_no_other(name: str) -> None:
    rows = {key.name: (described(key), key.since, key.required) for key in WORDS.dictionaries[name].keys.values()}
    assert rows == expected(TABLES[name])


def test_each_dictionary_is_in_the_reference() -> None:
    assert set(WORDS.dictionaries) == set(TABLES)


VALUES: dict[str, tuple[str, dict[str, str]]] = {
    "barcodeFormat": ("PKBarcodeFormat", {"6": "QR PDF417 Aztec", "9": "Code128", "27": "Code39 Codabar EAN13 I2of5"}),
    "transitType": ("PKTransitType", {"6": "Air Boat Bus Generic Train"}),
    "textAlignment": ("PKTextAlignment", {"6": "Left Center Right Natural"}),
    "dateStyle": ("PKDateStyle", {"6": "None Short Medium Long Full"}),
    "numberStyle": ("PKNumberStyle", {"6": "Decimal Percent Scientific SpellOut"}),
    "dataDetector": ("PKDataDetectorType", {"7": "PhoneNumber Link Address CalendarEvent"}),
    "styleScheme": ("", {"18": "posterEventTicket eventTicket", "26": "semanticBoardingPass boardingPass"}),
    "featuredAction": (
        "",
        {
            "27": "viewSchedule watchTrailer listenToMusic call place addToBalance order shop membershipBenefits bookAppointment "
            "bookCar bookFlight bookStay viewOffersRewards"
        },
    ),
    "personalizationField": ("PKPassPersonalizationField", {"10": "Name PostalCode EmailAddress PhoneNumber"}),
    "eventType": (
        "PKEventType",
        {"12": "Generic LivePerformance Movie Sports Conference Convention Workshop SocialGathering"},
    ),
    "securityProgram": (
        "PKTransitSecurityProgram",
        {"26": "TSAPreCheck TSAPreCheckTouchlessID OSS ITI ITD GlobalEntry CLEAR"},
    ),
    "passengerCapability": ("PKPassengerCapability", {"26": "Preboarding PriorityBoarding Carryon PersonalItem LapInfant"}),
    "informationSSR": ("", {"26": "INFT"}),
    "serviceSSR": ("", {"26": "PETC SVAN UMNR WCBD WCBW WCHC WCHR WCHS WCLB WCMP WCOB"}),
    "upcomingType": ("", {"26": "event"}),
}


@pytest.mark.parametrize("name", VALUES)
def test_each_value_of_the_reference_is_there_and_no_other(name: str) -> None:
    prefix, by_release = VALUES[name]
    wanted = {prefix + value: since for since, values in by_release.items() for value in values.split()}
    assert WORDS.enumerations[name].since == wanted


def test_each_enumeration_is_in_the_reference() -> None:
    assert set(WORDS.enumerations) == set(VALUES)


def test_fields_that_each_style_shows() -> None:
    """Section 2.4."""
    assert {style: room.limits_of(style) for style in Style} == {
        "boardingPass": (3, 2, 4, 5, 9, 9),
        "coupon": (3, 1, 4, 4, 4, 4),
        "eventTicket": (3, 1, 4, 4, 8, 8),
        "generic": (3, 1, 4, 4, 8, 4),
        "storeCard": (3, 1, 4, 4, 4, 4),
    }
    assert WORDS.styles["posterGeneric"].fields == {"headerFields": 1, "primaryFields": 4, "footerFields": 2}
    assert WORDS.styles["eventTicket"].second_row == 4


def test_pictures_of_each_style_and_their_sizes() -> None:
    """Sections 1.5 and 2.4."""
    assert {name: rule.largest for name, rule in WORDS.images.items()} == {
        "icon": (38, 38),
        "logo": (160, 50),
        "primaryLogo": (126, 30),
        "secondaryLogo": (135, 12),
        "strip": (375, 144),
        "thumbnail": (90, 90),
        "background": (343, 503),
        "artwork": (358, 448),
        "footer": (286, 15),
        "venueMap": None,
        "personalizationLogo": (150, 40),
    }
    assert [name for name, rule in WORDS.images.items() if rule.required] == ["icon"]
    assert all("icon" in rule.images for rule in WORDS.styles.values())
    assert room.images_of("coupon") == {"icon", "logo", "strip"}


def test_every_picture_that_apple_names_has_a_place_in_a_content() -> None:
    assert set(APPLE_FILES.values()) == set(vocabulary().images)
    assert set(APPLE_FILES) == set(ImageSlot) - {ImageSlot.WIDE_LOGO}


def test_old_names_lead_to_the_new_ones() -> None:
    renamed = {
        f"{dictionary.name}.{key.name}": (key.deprecated, key.replaced_by)
        for dictionary in WORDS.dictionaries.values()
        for key in dictionary.keys.values()
        if key.deprecated
    }
    assert renamed == {
        "pass.barcode": ("9", "barcodes"),
        "pass.relevantDate": ("18", "relevantDates"),
        "relevantDate.relevantDate": ("26", "date"),
    }
    assert WORDS.legacy_formats == {"PKBarcodeFormatQR", "PKBarcodeFormatPDF417", "PKBarcodeFormatAztec"}


def test_richer_layouts_say_what_they_ask_for() -> None:
    """Sections 2.8 and 2.9."""
    poster, boarding = WORDS.schemes["posterEventTicket"], WORDS.schemes["semanticBoardingPass"]
    assert poster.semantics == ("eventName", "venueName", "venueRegionName", "venueRoom")
    assert poster.by_event_type["PKEventTypeSports"] == ("homeTeamAbbreviation", "awayTeamAbbreviation")
    assert len(boarding.semantics) == 12
    assert boarding.transit_type == "PKTransitTypeAir"
    tags = WORDS.dictionaries["semantics"].keys
    assert {*poster.semantics, *boarding.semantics} <= set(tags)


def test_every_row_names_its_source_and_leads_somewhere() -> None:
    for dictionary in WORDS.dictionaries.values():
        for key in dictionary.keys.values():
            assert key.source.startswith(("WP/", "WDG/", "impl"))
            assert key.styles <= set(WORDS.styles)
            assert key.kind not in ("dict", "enum") or key.of in {**WORDS.dictionaries, **WORDS.enumerations}
            assert key.replaced_by is None or key.replaced_by in dictionary.keys


@pytest.mark.parametrize(
    ("name", "meant"),
    [("organisationName", "organizationName"), ("LogoText", "logoText"), ("barcodess", "barcodes"), ("passLastModDate", None)],
)
def test_a_misspelt_key_finds_the_one_that_was_meant(name: str, meant: str | None) -> None:
    assert WORDS.dictionaries["pass"].nearest(name) == meant


def test_a_misspelt_value_finds_the_one_that_was_meant() -> None:
    assert WORDS.enumerations["barcodeFormat"].nearest("PKBarcodeFormatQr") == "PKBarcodeFormatQR"
