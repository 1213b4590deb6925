package dev.weft.http;

import dev.weft.Promise;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts what a body writes into an exchange, in copies, as what is written may be reused at once.
 */
final class BodySink implements OwnedSink {
    private final Exchange exchange;
    private final Consumer<Promise<@Nullable Void>> wait;

    BodySink(Exchange exchange, Consumer<Promise<@Nullable Void>> wait) {
        this.exchange = exchange;
        this.wait = wait;
    }

    @Override
    public void write(byte[] bytes) {
        write(bytes, 0, bytes.length);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, bytes.length);
        put(Unpooled.copiedBuffer(bytes, offset, length));
    }

    @Override
    public void writeOwned(byte[] bytes, int offset, int length) {
        put(Unpooled.wrappedBuffer(bytes, offset, length));
    }

    @Override
    public void write(ByteBuffer bytes) {
        put(Unpooled.copiedBuffer(bytes));
        bytes.position(bytes.limit());
    }

    @Override
    public void write(String text) {
        put(Unpooled.wrappedBuffer(text.getBytes(StandardCharsets.UTF_8)));
    }

    private void put(ByteBuf part) {
        if (part.isReadable()) {
            exchange.put(part, wait);
        } else {
            part.release();
        }
    }
}
