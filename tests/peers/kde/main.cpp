// Answers each line of its input, {"path": "...", "language": "de"}, with one line: what KDE's reader understood of that pass,
// or null when it refuses the file. Prints nothing else. May not enter: any judgement of ours.
#include <KPkPass/Barcode>
#include <KPkPass/BoardingPass>
#include <KPkPass/Field>
#include <KPkPass/Location>
#include <KPkPass/Pass>

#include <QColor>
#include <QCoreApplication>
#include <QDateTime>
#include <QFile>
#include <QImage>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLocale>
#include <QMetaEnum>
#include <QTextStream>
#include <QUrl>

#include <memory>

namespace
{
QString date(const QDateTime &at)
{
    return at.isValid() ? at.toUTC().toString(Qt::ISODate) : QString();
}

QJsonArray fields(const QVector<KPkPass::Field> &group)
{
    QJsonArray shown;
    for (const auto &field : group) {
        shown.append(QJsonObject{
            {"key", field.key()},
            {"label", field.label()},
            {"value", field.valueDisplayString()},
            {"changeMessage", field.changeMessage()},
        });
    }
    return shown;
}

QJsonObject understood(const KPkPass::Pass &pass)
{
    QJsonArray barcodes;
    for (const auto &code : pass.barcodes()) {
        barcodes.append(QJsonObject{
            {"format", QMetaEnum::fromType<KPkPass::Barcode::Format>().valueToKey(code.format())},
            {"message", code.message()},
            {"encoding", code.messageEncoding()},
            {"altText", code.alternativeText()},
        });
    }
    QJsonArray places;
    for (const auto &place : pass.locations()) {
        places.append(QJsonObject{{"latitude", place.latitude()}, {"longitude", place.longitude()}, {"text", place.relevantText()}});
    }
    QJsonObject images;
    for (const char *name : {"icon", "logo", "strip", "background", "footer", "thumbnail"}) {
        if (pass.hasImage(QString::fromLatin1(name))) {
            const QImage image = pass.image(QString::fromLatin1(name));
            images.insert(QString::fromLatin1(name), QJsonArray{image.width(), image.height()});
        }
    }
    return QJsonObject{
        {"style", QMetaEnum::fromType<KPkPass::Pass::Type>().valueToKey(pass.type())},
        {"passTypeIdentifier", pass.passTypeIdentifier()},
        {"serialNumber", pass.serialNumber()},
        {"organizationName", pass.organizationName()},
        {"description", pass.description()},
        {"logoText", pass.logoText()},
        {"groupingIdentifier", pass.groupingIdentifier()},
        {"backgroundColor", pass.backgroundColor().name()},
        {"foregroundColor", pass.foregroundColor().name()},
        {"labelColor", pass.labelColor().name()},
        {"relevantDate", date(pass.relevantDate())},
        {"expirationDate", date(pass.expirationDate())},
        {"voided", pass.isVoided()},
        {"webServiceURL", pass.webServiceUrl().toString()},
        {"authenticationToken", pass.authenticationToken()},
        {"header", fields(pass.headerFields())},
        {"primary", fields(pass.primaryFields())},
        {"secondary", fields(pass.secondaryFields())},
        {"auxiliary", fields(pass.auxiliaryFields())},
        {"back", fields(pass.backFields())},
        {"barcodes", barcodes},
        {"locations", places},
        {"images", images},
    };
}
}

int main(int argc, char **argv)
{
    QCoreApplication app(argc, argv);
    QTextStream out(stdout);
    QFile input;
    if (!input.open(stdin, QIODevice::ReadOnly)) {
        return 1;
    }
    while (!input.atEnd()) {
        const QByteArray line = input.readLine();
        if (line.trimmed().isEmpty()) {
            continue;
        }
        const QJsonObject asked = QJsonDocument::fromJson(line).object();
        QLocale::setDefault(QLocale(asked.value(QLatin1String("language")).toString()));
        QFile file(asked.value(QLatin1String("path")).toString());
        QByteArray answer("null");
        if (file.open(QIODevice::ReadOnly)) {
            const std::unique_ptr<KPkPass::Pass> pass(KPkPass::Pass::fromData(file.readAll()));
            if (pass) {
                answer = QJsonDocument(understood(*pass)).toJson(QJsonDocument::Compact);
            }
        }
        out << QString::fromUtf8(answer) << "\n";
        out.flush();
    }
    return 0;
}
