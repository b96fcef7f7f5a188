// Which layout a phone chooses for a pass, and what of the tags a newer one shows. Pure.
// May not enter: fields (content.js). Source: reference/apple-wallet.md sections 2.8 to 2.10: with anything missing, the plain style.

import { POSTER } from "./rules.js";

const TICKET_TAGS = ["eventName", "venueName", "venueRegionName", "venueRoom"];
const TICKET_TAGS_BY_TYPE = {
  PKEventTypeSports: ["homeTeamAbbreviation", "awayTeamAbbreviation"],
  PKEventTypeLivePerformance: ["performerNames"],
};
const FLIGHT_TAGS = (
  "airlineCode flightNumber departureAirportCode departureCityName departureLocationTimeZone destinationAirportCode " +
  "destinationCityName destinationLocationTimeZone originalDepartureDate originalArrivalDate originalBoardingDate passengerName"
).split(" ");
const SHOWS = {
  posterEventTicket: {
    header: ["eventStartDate"],
    primary: ["eventName"],
    secondary: ["venueName", "venueRoom"],
    auxiliary: ["venueRegionName", "performerNames"],
  },
  semanticBoardingPass: {
    header: ["flightNumber"],
    primary: ["departureAirportCode", "destinationAirportCode"],
    secondary: ["departureCityName", "destinationCityName"],
    auxiliary: ["originalBoardingDate", "originalDepartureDate", "passengerName", "departureGate"],
  },
};

/** `posterGeneric`, `posterEventTicket`, `semanticBoardingPass`, or the plain style's name. */
export function layoutOf(pass, style) {
  if (POSTER in pass) return POSTER;
  for (const scheme of pass.preferredStyleSchemes ?? []) {
    if (scheme === style) return style;
    if (scheme === "posterEventTicket" && style === "eventTicket") {
      if (hasAll(pass, [...TICKET_TAGS, ...(TICKET_TAGS_BY_TYPE[pass.semantics?.eventType] ?? [])])) return scheme;
    }
    if (scheme === "semanticBoardingPass" && style === "boardingPass") {
      if (pass.boardingPass.transitType === "PKTransitTypeAir" && hasAll(pass, FLIGHT_TAGS)) return scheme;
    }
  }
  return style;
}

/** [{group, tag, text}] of what the layout draws from tags. */
export function shownTags(pass, layout) {
  const drawn = [];
  for (const [group, tags] of Object.entries(SHOWS[layout] ?? {})) {
    for (const tag of tags) {
      const text = plain(pass.semantics?.[tag]);
      if (text) drawn.push({ group, tag, text });
    }
  }
  return drawn;
}

function plain(value) {
  if (Array.isArray(value)) return value.join(", ");
  if (value !== null && typeof value === "object") return [value.givenName, value.familyName].filter(Boolean).join(" ");
  return value == null ? "" : String(value);
}

const hasAll = (pass, tags) =>
  tags.every((tag) => ![undefined, null, ""].includes(pass.semantics?.[tag]) && plain(pass.semantics[tag]) !== "");
