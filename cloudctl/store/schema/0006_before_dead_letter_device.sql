-- Dead letters by device: named by the topic, by the payload (rsuEsn), or by the head of the binary envelope.

CREATE FUNCTION v2x.device_of_letter(topic text, payload bytea) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN topic ~ '^V2X/(RSU|OBU|RADAR|PARKING|DEVICE)/[^/]+/[^/]+/.' THEN split_part(topic, '/', 3)
        WHEN topic ~ '^v2x/v1/[a-z]+/[^/]+/' THEN split_part(topic, '/', 4)
        WHEN topic ~ '^V2X\.RSU\.(BSM|RSM|SPAT|RSI|MAP)\.UP$'
            THEN regexp_replace(encode(substring(payload FROM 1 FOR 8), 'escape'), '(\\000| )+$', '')
        ELSE substring(encode(substring(payload FROM 1 FOR 4096), 'escape') FROM '"rsuEsn"\s*:\s*"([^"/]{1,64})"')
    END
$$;
COMMENT ON FUNCTION v2x.device_of_letter(text, bytea) IS 'Id of the device that sent a refused message, NULL where it cannot be told.';

CREATE INDEX dead_letter_device ON v2x.dead_letter (v2x.device_of_letter(topic, payload), t);
CREATE INDEX dead_letter_reason ON v2x.dead_letter (reason, t);

DO $$
BEGIN
    GRANT SELECT ON v2x.dead_letter TO v2x_device_writer;
EXCEPTION
    WHEN insufficient_privilege OR undefined_object THEN
        RAISE NOTICE 'role v2x_device_writer was given nothing: %', SQLERRM;
END
$$;
