// A Google Wallet object and its class as the holder reads them: title, rows, fields, code, messages. Pure.
// May not enter: network; Apple. Source: reference/google-wallet.md sections 1 and 9.1.

import { Reader, items, members } from "./reading.js";

const NOT_VALID = ["INACTIVE", "EXPIRED", "COMPLETED"];
// Group, level, path, label where the class does not say one. What a pass does not have is not shown.
const SHOWN = `
secondary class rewardsTier|Tier
secondary class provider|By
secondary object accountName|Name
secondary object accountId|Account
secondary object cardNumber|Card
secondary object pin|PIN
secondary class venue.name|Venue
secondary class venue.address|Address
secondary class dateTime.doorsOpen|Doors
secondary class dateTime.start|Start
secondary class dateTime.end|End
secondary object seatInfo.gate|Gate
secondary object seatInfo.section|Section
secondary object seatInfo.row|Row
secondary object seatInfo.seat|Seat
secondary object ticketHolderName|Name
secondary object ticketType|Type
secondary object ticketNumber|Ticket
secondary object passengerName|Passenger
secondary object passengerNames|Passenger
secondary class localBoardingDateTime|Boarding
secondary class localScheduledDepartureDateTime|Departs
secondary class localEstimatedOrActualDepartureDateTime|Now departs
secondary class localScheduledArrivalDateTime|Arrives
secondary class origin.terminal|Terminal
secondary class origin.gate|Gate
secondary object boardingAndSeatingInfo.boardingGroup|Group
secondary object boardingAndSeatingInfo.seatNumber|Seat
secondary object boardingAndSeatingInfo.seatClass|Class
secondary object boardingAndSeatingInfo.sequenceNumber|Sequence
back object reservationInfo.confirmationCode|Confirmation
back object reservationInfo.frequentFlyerInfo.frequentFlyerNumber|Frequent flyer
back object purchaseDetails.confirmationCode|Confirmation
back object purchaseDetails.ticketCost.faceValue|Price
back object faceValue|Price
back class details|Details
back class finePrint|Fine print`
  .trim()
  .split("\n")
  .map((line) => {
    const [what, label] = line.split("|");
    return [...what.split(" "), label];
  });
const LEG = {
  departureDateTime: "Departs",
  arrivalDateTime: "Arrives",
  platform: "Platform",
  carriage: "Train",
  zone: "Zone",
  transitOperatorName: "Operator",
};
const PICTURES = {
  logo: ["programLogo", "titleImage", "logo"],
  wideLogo: ["wideProgramLogo", "wideTitleImage", "wideLogo"],
  hero: ["heroImage"],
};

/** `entry` has objectId, classId, vertical, title, section, object and class, as the phone is given them.
 *  Gives {objectId, classId, card, messages: [{id, text}], places}. The code is codes.js's, since it may change by time. */
export function readPass(entry, language) {
  const object = members(entry.object),
    class_ = members(entry.class),
    reader = new Reader(language);
  const title = titleOf(reader, object, class_) || reader.text(entry.title);
  const places = [...items(object.merchantLocations), ...items(class_.merchantLocations)];
  const card = {
    wallet: "google",
    layout: entry.vertical,
    style: entry.vertical,
    title,
    organizationName: reader.member(class_, "issuerName") || reader.text(object.cardTitle) || title,
    description: title,
    language: null,
    fields: [
      ...headline(reader, object),
      ...balances(reader, object),
      ...known(reader, object, class_),
      ...legs(reader, object),
      ...modules(reader, object),
      ...modules(reader, class_),
    ],
    rows: rowsOf(reader, object, class_),
    colors: { background: reader.text(object.hexBackgroundColor) || reader.text(class_.hexBackgroundColor) || null },
    pictures: picturesOf(object, class_),
    voided: NOT_VALID.includes(reader.text(object.state).toUpperCase()),
    expired: entry.section === "expired",
    nearby: places.map((place) => ({ ...place, text: "" })),
  };
  return { objectId: entry.objectId, classId: entry.classId, entry, card, messages: messagesOf(reader, object), places };
}

/** Fields paired by key; changed when the holder reads something else: [{key, label, old, new}]. */
export function compare(older, newer) {
  const before = new Map(older.card.fields.map((one) => [one.key, one])),
    after = new Set(newer.card.fields.map((one) => one.key));
  const changes = newer.card.fields
    .filter((one) => before.get(one.key)?.value !== one.value)
    .map((one) => ({ key: one.key, label: one.label, old: before.get(one.key)?.value ?? null, new: one.value }));
  return [
    ...changes,
    ...older.card.fields
      .filter((one) => !after.has(one.key))
      .map((one) => ({ key: one.key, label: one.label, old: one.value, new: null })),
  ];
}

/** The latest message inside the pass that was not there before, or null. Ids may repeat, so texts count as well. */
export function newMessage(older, newer) {
  const had = ({ id, text }) => older.messages.some((one) => one.id === id && one.text === text);
  const fresh = newer.messages.filter((one) => !had(one));
  if (!fresh.length && newer.messages.length > older.messages.length) return newer.messages.at(-1).text;
  return fresh.at(-1)?.text ?? null;
}

/** What stands at the top, by the kind of pass. */
function titleOf(reader, object, class_) {
  const said = [
    reader.text(object.cardTitle),
    reader.member(class_, "programName"),
    reader.member(class_, "title"),
    reader.text(class_.eventName),
    reader.member(class_, "merchantName"),
  ].find(Boolean);
  if (said) return said;
  if ("flightHeader" in class_) {
    const carrier =
      reader.at(class_, "flightHeader.carrier.carrierIataCode") || reader.at(class_, "flightHeader.carrier.carrierIcaoCode");
    const [from, to] = ["origin", "destination"].map((end) => reader.at(class_, `${end}.airportIataCode`));
    return `${carrier} ${reader.at(class_, "flightHeader.flightNumber")} ${from} → ${to}`;
  }
  const leg = legsOf(object)[0] ?? {};
  return [leg.originName, leg.destinationName]
    .map((one) => reader.text(one))
    .filter(Boolean)
    .join(" → ");
}

function headline(reader, object) {
  const header = reader.text(object.header);
  return header ? [{ group: "primary", key: "header", label: reader.text(object.subheader), value: header }] : [];
}

function balances(reader, object) {
  const points = ["loyaltyPoints", "secondaryLoyaltyPoints"]
    .filter((key) => key in object)
    .map((key) => ({
      group: "header",
      key,
      label: reader.member(members(object[key]), "label"),
      value: reader.amount(members(members(object[key]).balance)),
    }));
  return "balance" in object
    ? [...points, { group: "header", key: "balance", label: "Balance", value: reader.money(members(object.balance)) }]
    : points;
}

/** What the verticals have beside text modules. */
function known(reader, object, class_) {
  return SHOWN.flatMap(([group, level, path, label]) => {
    const resource = level === "object" ? object : class_;
    const value = reader.moment(reader.at(resource, path));
    const own = path.includes(".") ? "" : reader.member(class_, `${path}Label`);
    return value ? [{ group, key: path, label: own || label, value }] : [];
  });
}

const legsOf = (object) => (object.ticketLeg ? [members(object.ticketLeg)] : items(object.ticketLegs).map(members));

function legs(reader, object) {
  return legsOf(object).flatMap((leg, number) => {
    const way = [leg.originName, leg.destinationName]
      .map((one) => reader.text(one))
      .filter(Boolean)
      .join(" → ");
    const facts = Object.entries(LEG).map(([name, label]) => ({
      group: "secondary",
      key: `leg${number}.${name}`,
      label,
      value: reader.moment(reader.text(leg[name])),
    }));
    const seats = leg.ticketSeat ? [members(leg.ticketSeat)] : items(leg.ticketSeats).map(members);
    const places = seats.map((seat, at) => ({
      group: "secondary",
      key: `leg${number}.seat${at}`,
      label: "Seat",
      value: [seat.coach, seat.seat]
        .map((one) => reader.text(one))
        .filter(Boolean)
        .join(" "),
    }));
    return [
      { group: "primary", key: `leg${number}`, label: "Journey", value: way },
      ...[...facts, ...places].filter((one) => one.value),
    ];
  });
}

function modules(reader, resource) {
  return items(resource.textModulesData).map((entry, at) => {
    const module = members(entry),
      key = reader.text(module.id) || `text${at}`;
    return {
      group: key.startsWith("back") ? "back" : "secondary",
      key,
      label: reader.member(module, "header"),
      value: reader.member(module, "body"),
    };
  });
}

/** Rows of the card's front, as the class lays them out: lists of {label, value}; empty where the class says nothing. */
function rowsOf(reader, object, class_) {
  const rows = items(members(members(class_.classTemplateInfo).cardTemplateOverride).cardRowTemplateInfos).map(members);
  const drawn = rows.map((row) => {
    const { item, startItem, middleItem, endItem } = members(row.oneItem ?? row.twoItems ?? row.threeItems);
    return [item, startItem, middleItem, endItem]
      .map((one) => itemOf(reader, object, class_, members(members(one).firstValue)))
      .filter(Boolean);
  });
  return drawn.filter((row) => row.length);
}

function itemOf(reader, object, class_, { fields }) {
  for (const { fieldPath = "", dateFormat } of items(fields).map(members)) {
    const [, level, path] = /^(object|class)\.(.+)$/.exec(fieldPath) ?? [];
    const resource = level === "class" ? class_ : object;
    const named = /^textModulesData\['([^']+)'\]$/.exec(path ?? "");
    const module =
      named &&
      items(resource.textModulesData)
        .map(members)
        .find((one) => one.id === named[1]);
    if (module) return { key: named[1], label: reader.member(module, "header"), value: reader.member(module, "body") };
    const points = members(resource[/^(\w+)\.balance$/.exec(path ?? "")?.[1]]);
    if (points.balance) return { key: path, label: reader.member(points, "label"), value: reader.amount(members(points.balance)) };
    const found = path && !named && reader.at(resource, path);
    if (found)
      return { key: path, label: SHOWN.find(([, , one]) => one === path)?.[3] ?? "", value: reader.moment(found, dateFormat) };
  }
  return null;
}

function picturesOf(object, class_) {
  const found = Object.entries(PICTURES).map(([slot, names]) => {
    const image = names.map((name) => members(object[name] ?? class_[name])).find((one) => members(one.sourceUri).uri);
    return [slot, image && members(image.sourceUri).uri];
  });
  const airline = members(members(members(members(class_.flightHeader).carrier).airlineLogo).sourceUri).uri;
  return Object.fromEntries([["logo", airline], ...found].filter(([, address]) => typeof address === "string"));
}

const messagesOf = (reader, object) =>
  items(object.messages).map((entry) => {
    const header = reader.member(members(entry), "header"),
      body = reader.member(members(entry), "body");
    return { id: reader.text(members(entry).id), text: header ? `${header}: ${body}` : body };
  });
